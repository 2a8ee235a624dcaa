"""The doctor's call to the own server.

Knows what its answer tells. Refuses to ask any machine but this one.
"""

from __future__ import annotations

import http.client
from typing import Final

import msgspec

from glimway.config.addresses import reach_of

SERVER_TIMEOUT_S: Final = 2.0
ANSWER_BYTES_MAX: Final = 65_536
EVERY_ADDRESS: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - only compared


class ServerState(msgspec.Struct, frozen=True):
    """Whether the own server runs."""

    ready: bool
    message: str
    mend: str = ""


def server_state(host: str, port: int) -> ServerState:
    """Ask the server on this machine whether it is ready; nothing else is asked."""
    target = "127.0.0.1" if host in EVERY_ADDRESS else host
    if port == 0:
        return ServerState(ready=False, message="its port is chosen at the start (server.port = 0)")
    if reach_of(target) == "public":
        return ServerState(ready=False, message=f"{host} is not asked: it is not this machine")
    connection = http.client.HTTPConnection(target, port, timeout=SERVER_TIMEOUT_S)
    try:
        connection.request("GET", "/health/ready")
        response = connection.getresponse()
        response.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        words = f"nothing answers on {target}:{port} ({reason})"
        return ServerState(ready=False, message=words, mend="start it with: glimway serve")
    finally:
        connection.close()
    if response.status == http.client.OK:
        return ServerState(ready=True, message=f"ready on {target}:{port}")
    words = f"answers on {target}:{port} with {response.status} instead of 200"
    return ServerState(ready=False, message=words, mend="its log says why it is not ready")
