"""Calls that the doctor makes: to the own server, and where asked, to providers.

Knows what an answer tells about an address and a key. Refuses to follow redirects and to send a
prompt.
"""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from typing import Any, Final

import certifi
import msgspec

from glimway import __version__
from glimway.config.addresses import reach_of
from glimway.domain.provider import Provider

SERVER_TIMEOUT_S: Final = 2.0
PROVIDER_TIMEOUT_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 65_536
EVERY_ADDRESS: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - only compared
KEY_REFUSED: Final = frozenset({401, 403})


class ServerState(msgspec.Struct, frozen=True):
    """Whether the own server runs."""

    ready: bool
    message: str
    mend: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What a provider's answer tells.

    Args:
        reached: it answered at all.
        refused: it does not accept the key.
        message: what was seen.
    """

    reached: bool
    refused: bool
    message: str


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


def knock(provider: Provider) -> Answer:
    """List a provider's models with its key; any answer shows that it can be reached."""
    url = f"{provider.base_url}/models"
    headers = {"user-agent": f"glimway/{__version__}", **provider.headers()}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - its scheme was checked
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=_context(provider.ca_file)), _NoRedirect()
    )
    began_s = time.monotonic()
    try:
        with opener.open(request, timeout=PROVIDER_TIMEOUT_S) as response:
            status = response.status
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        return Answer(reached=False, refused=False, message=f"cannot be reached: {reason}")
    took_ms = round((time.monotonic() - began_s) * 1000)
    if status in KEY_REFUSED:
        return Answer(reached=True, refused=True, message=f"does not accept the key ({status})")
    return Answer(reached=True, refused=False, message=f"answers ({status}) in {took_ms} ms")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: the key does not go elsewhere."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""


def _context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context
