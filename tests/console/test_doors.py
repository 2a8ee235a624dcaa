"""Which requests are the console's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from glimway.console.doors import Doors


@pytest.mark.parametrize(
    ("kind", "path", "ours"),
    [
        ("http", "/admin", True),
        ("http", "/admin/", True),
        ("http", "/admin/v1/keys", True),
        ("http", "/", False),
        ("http", "/administrator", False),
        ("http", "/v1/admin/v1", False),
        ("websocket", "/admin/v1/keys", False),
        ("lifespan", "", False),
    ],
)
def test_only_paths_of_the_admin_api_are_its_own(kind: str, path: str, ours: bool) -> None:
    came: list[str] = []

    def door(name: str) -> Any:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            came.append(name)

        return app

    scope = {"type": kind, "path": path} if path else {"type": kind}
    doors: Any = Doors(door("admin"), door("behind"))
    asyncio.run(doors(scope, None, None))
    assert came == ["admin" if ours else "behind"]
