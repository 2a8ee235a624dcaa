"""Where every other path ends.

Knows the front page, and how to say, in the words of the path's mount, that nothing is there.
Refuses to guess what was meant beyond the paths that clients get wrong most often.
"""

from __future__ import annotations

from typing import Any

from glimway.engine.house import House
from glimway.surface.front import HEADERS, PAGE
from glimway.surface.mounts import MOUNTS, mount_of
from glimway.wire.refusal import Refusal, shown


class Nowhere:
    """The last application."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request with 404."""
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path == "/" and scope["method"] in ("GET", "HEAD"):
            scope["extensions"]["glimway"].respond(200, HEADERS, PAGE)
            return
        trace_id = self._house.new_id(self._house.now_ms())
        hint = ""
        for mount in MOUNTS:
            if path.endswith(mount.side.path) or path == mount.name:
                hint = f" Did you mean {mount.name}{mount.side.path}?"
                break
        refusal = Refusal("not_found", f"There is nothing at {shown(path)}.{hint}")
        refused = mount_of(path).refuse(refusal, trace_id)
        scope["extensions"]["glimway"].respond(
            refused.status,
            [(b"content-type", b"application/json"), (b"x-request-id", trace_id.encode())],
            refused.body,
        )
