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
        meant = _meant(path)
        hint = "" if meant is None else f" Did you mean {meant}?"
        refusal = Refusal("not_found", f"There is nothing at {shown(path)}.{hint}")
        refused = mount_of(path).refuse(refusal, trace_id)
        scope["extensions"]["glimway"].respond(
            refused.status,
            [(b"content-type", b"application/json"), (b"x-request-id", trace_id.encode())],
            refused.body,
        )


def _meant(path: str) -> str | None:
    """The path that was probably meant: of the mounts whose calls end as it does, the one that has
    most of its beginning."""
    plain = "/" + "/".join(part for part in path.split("/") if part not in ("", "."))
    best: tuple[int, str] | None = None
    for mount in MOUNTS:
        if plain.lower() in (mount.path, mount.name):
            return mount.path
        if plain.lower().endswith(mount.side.path):
            before = plain.lower()[: -len(mount.side.path)].split("/")
            name = mount.name.split("/")
            alike = len(set(before) & set(name)) + (before[:2] == name[:2])
            if best is None or alike > best[0]:
                best = alike, mount.path
    if best is not None:
        return best[1]
    return plain if plain != path and plain in _ELSEWHERE else None


_ELSEWHERE = (
    "/v1/key",
    "/v1/credits",
    "/v1/messages/count_tokens",
    "/anthropic/v1/messages/count_tokens",
)
