"""Objects that do not fit their frames: several in one, one in several.

Knows what is whole, what waits for its other half and what is lost. Refuses to lose text: an
object that was cut off is a fault, unless it is the leftover of another answer.
"""

from __future__ import annotations

from typing import Any

from glimway.wire.chat.healing.frames import Found, is_leftover, recover
from glimway.wire.chat.healing.surrogates import Mender
from glimway.wire.refusal import Fault

TORN_BYTES_MAX = 8 * 1024 * 1024
"""An object that is spread over several frames may be this large."""

SHOWN_CHARS_MAX = 200


class Torn:
    """Puts one stream's odd frames together."""

    __slots__ = ("_mender", "_pending")

    def __init__(self) -> None:
        self._pending = b""
        self._mender = Mender()

    @property
    def pending(self) -> bool:
        """Whether an object waits for its other half."""
        return bool(self._pending)

    def take(self, data: bytes, *, fresh: bool) -> tuple[list[dict[str, Any]], bool]:
        """Read the data of a frame that is not one JSON object.

        Args:
            data: the frame's.
            fresh: the answer has not begun.

        Returns:
            Whole objects in order, and whether the end mark was among them.

        Raises:
            Fault: ``broken`` when an object is lost.
        """
        joined = self._pending + data
        found = recover(joined)
        if not found.objects and not found.done:
            if found.torn and not (self._pending and data.lstrip().startswith(b"{")):
                if len(joined) > TORN_BYTES_MAX:
                    raise unreadable(found.torn)
                self._pending = joined
            elif self._pending:
                raise unreadable(found.torn)
            return [], False
        self._pending = b""
        objects = self._whole(found, fresh=fresh)
        if found.torn:
            self._pending = found.torn.encode("utf-8", "replace")
        return objects, found.done

    def follow(self, frame: dict[str, Any], *, fresh: bool) -> None:
        """A whole object came: end what waits, and join halves of characters in place.

        Raises:
            Fault: ``broken`` when the waiting object is lost.
        """
        pending, self._pending = self._pending, b""
        if pending:
            _check(pending.decode("utf-8", "replace"), frame, fresh=fresh)
        self._mender.mend(frame, "delta")

    def close(self) -> None:
        """The stream has ended.

        Raises:
            Fault: ``broken`` when an object still waits.
        """
        if self._pending:
            raise unreadable(self._pending.decode("utf-8", "replace"))

    def _whole(self, found: Found, *, fresh: bool) -> list[dict[str, Any]]:
        objects: list[dict[str, Any]] = []
        torn = ""
        for value in found.objects:
            if isinstance(value, str):
                if torn:
                    raise unreadable(torn)
                torn = value
                continue
            if torn:
                _check(torn, value, fresh=fresh and not objects)
                torn = ""
            self._mender.mend(value, "delta")
            objects.append(value)
        if torn:
            raise unreadable(torn)
        return objects


def unreadable(text: str) -> Fault:
    """A frame that cannot be read and may have carried content."""
    return Fault("broken", f"unreadable stream frame: {text[:SHOWN_CHARS_MAX]!r}")


def _check(torn: str, following: dict[str, Any], *, fresh: bool) -> None:
    if not (fresh and is_leftover(torn, following)):
        raise unreadable(torn)
