"""A WebSocket client over a plain socket.

Knows the handshake and frames, spelled out here once more so that a test does not agree with the
program by birth. Refuses to know what messages say.
"""

from __future__ import annotations

import json
import os
import socket
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlsplit

TIMEOUT_S = 20.0


class Socket:
    """One WebSocket; use it as a context manager.

    Args:
        url: of the server, ``http://``, with the path.
        headers: of the handshake.
    """

    def __init__(self, url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port or 80), TIMEOUT_S)
        self._data = b""
        self.close_code: int | None = None
        """Of the server's close frame; 0 where it gave none."""
        given = {
            "host": parts.netloc,
            "connection": "Upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": b64encode(os.urandom(16)).decode(),
            **(headers or {}),
        }
        lines = [
            f"GET {parts.path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in given.items()),
        ]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())
        while b"\r\n\r\n" not in self._data:
            self._receive()
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        self.status = int(self.head.split(" ", 2)[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, value: Any) -> None:
        """Send JSON as one text."""
        self.send_frame(1, json.dumps(value).encode())

    def send_frame(self, opcode: int, data: bytes = b"", *, fin: bool = True) -> None:
        """Send one masked frame."""
        size = len(data)
        first = (0x80 if fin else 0) | opcode
        if size < 126:
            head = bytes([first, 0x80 | size])
        elif size < 65536:
            head = bytes([first, 0xFE]) + size.to_bytes(2, "big")
        else:
            head = bytes([first, 0xFF]) + size.to_bytes(8, "big")
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))
        self.socket.sendall(head + mask + masked)

    def frame(self) -> tuple[int, bytes]:
        """The next frame: its kind and data.

        Raises:
            EOFError: the server has closed the connection.
        """
        head = self._exactly(2)
        assert not head[1] & 0x80, "servers do not mask"
        size = head[1]
        if size == 126:
            size = int.from_bytes(self._exactly(2), "big")
        elif size == 127:
            size = int.from_bytes(self._exactly(8), "big")
        return head[0] & 0x0F, self._exactly(size)

    def events(self) -> list[dict[str, Any]]:
        """Messages up to one that ends an answer."""
        found: list[dict[str, Any]] = []
        ends = {f"response.{word}" for word in ("completed", "incomplete", "failed")}
        while not found or (found[-1]["type"] not in ends and not self._is_refusal(found[-1])):
            kind, data = self.frame()
            if kind == 1:
                found.append(json.loads(data))
            elif kind == 8:
                self.close_code = int.from_bytes(data[:2], "big")
                break
        return found

    def until_closed(self) -> int:
        """Read to the server's close frame and the end; its code."""
        while self.close_code is None:
            kind, data = self.frame()
            if kind == 8:
                self.close_code = int.from_bytes(data[:2], "big")
        return self.close_code

    @staticmethod
    def _is_refusal(event: dict[str, Any]) -> bool:
        return event["type"] == "error" and "status" in event

    def _exactly(self, size: int) -> bytes:
        while len(self._data) < size:
            self._receive()
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def _receive(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError("the server has closed the connection")
        self._data += data
