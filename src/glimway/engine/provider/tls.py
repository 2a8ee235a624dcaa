"""Whom a provider's certificate must convince, and how a failure to convince reads.

Knows where trusted authorities come from and the reasons that OpenSSL gives. Refuses to know what
is sent after the handshake, and has no way to check less.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final, Literal

import certifi

from glimway.wire.refusal import Fault

Roots = Literal["certifi", "system"]

WORDS_CHARS_MAX: Final = 200

_REASONS: Final = {
    9: "is not valid yet; is this machine's clock right?",
    10: "has expired",
    18: "is self-signed; ca_file can name it",
    19: "comes from an authority that nobody trusts; ca_file can name it",
    20: "comes from an authority that is not trusted; ca_file can name it",
    21: "comes from an authority that is not trusted, and its chain was not sent",
    23: "has been revoked",
    62: "is for another name",
    64: "is for another address",
}
"""OpenSSL's codes (https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/)."""

_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
"""What a server's answer in plain text looks like."""


class Trust:
    """Contexts for TLS: one for each set of authorities, shared by all connections that use it.

    Args:
        roots: ``certifi``'s list, the same on every machine, or the system's.
        ca_file: one more authority for every provider, an absolute path.
    """

    def __init__(self, roots: Roots = "certifi", ca_file: str | None = None) -> None:
        self._roots = roots
        self._ca_file = ca_file
        self._contexts: dict[str | None, ssl.SSLContext] = {}
        """By a provider's own ``ca_file``: as many as the configuration names."""
        self._making = asyncio.Lock()

    async def context(self, ca_file: str | None) -> ssl.SSLContext:
        """The context for a provider that also trusts ``ca_file``.

        Making one reads and parses 140 certificates, which takes a thread some 15 ms, once.

        Raises:
            Fault: ``unreachable``; a file cannot be read any more.
        """
        context = self._contexts.get(ca_file)
        if context is not None:
            return context
        async with self._making:
            if ca_file not in self._contexts:
                self._contexts[ca_file] = await asyncio.to_thread(self._make, ca_file)
            return self._contexts[ca_file]

    def _make(self, ca_file: str | None) -> ssl.SSLContext:
        file = certifi.where() if self._roots == "certifi" else None
        try:
            context = ssl.create_default_context(cafile=file)
            for file in (self._ca_file, ca_file):
                if file is not None:
                    context.load_verify_locations(cafile=file)
        except OSError as error:  # an SSLError is one too
            words = f"TLS: the authorities in {file} cannot be read: {error.strerror or error}"
            raise Fault("unreachable", words[:WORDS_CHARS_MAX]) from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context


def tls_fault(error: OSError, name: str) -> Fault:
    """What a failed handshake means.

    Args:
        error: as the loop raised it.
        name: the host that the certificate should name.
    """
    words = _words(error, name)
    return Fault("unreachable", f"TLS: {words}"[:WORDS_CHARS_MAX])


def _words(error: OSError, name: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = _REASONS.get(error.verify_code, "cannot be trusted")
        return f"the certificate of {name} {reason} ({error.verify_message.rstrip('.')})"
    if isinstance(error, ssl.SSLError):
        if error.reason in _NO_TLS:
            return f"{name} does not speak TLS on this port ({error.reason})"
        return f"{name} breaks off the handshake: {error.reason or error}"
    return f"{name} closed the connection during the handshake: {error.strerror or error}"
