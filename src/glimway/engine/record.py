"""The journal's record of the usual end: one try, answered well, everything reported.

Knows the record that ``settlement`` would make of it, as plain bytes. Refuses every other end. Most
requests end so, and building a receipt only to write it costs twice what writing it does.
"""

from __future__ import annotations

from typing import Final

import msgspec

from glimway.domain.receipt import Opened, Tokens
from glimway.engine.settling import Charge, Outcome

BEGINNINGS_MAX: Final = 1024
"""Combinations of model and endpoint that are remembered; at more, all are forgotten."""
CALLERS_MAX: Final = 16_384
"""Keys; some 200 bytes each."""

_json = msgspec.json.Encoder().encode

_RECORD = (
    b'{"record":"settled","id":"%b","at_ms":%d,%b%b"status":"ok","end":"%b","http_status":200,'
    b'%b"tokens":%b,"cost_nanousd":%d%b,"ttft_ms":%d,"duration_ms":%d,'
    b'"attempts":[{%b"outcome":"ok","started_ms":%d,"duration_ms":%d,"status":200%b%b}]}'
)
_TWO_TOKENS = b'{"input":%d,"output":%d}'
_TOKENS = b'{"input":%d,"output":%d,"cached":%d,"cache_write":%d,"reasoning":%d}'


class Records:
    """Writes usual records; remembers what recurs in those of a caller and of an endpoint."""

    __slots__ = ("_beginnings", "_callers")

    def __init__(self) -> None:
        self._beginnings: dict[tuple[str | None, ...], tuple[bytes, bytes, bytes]] = {}
        self._callers: dict[str, bytes] = {}

    def usual(self, outcome: Outcome, charge: Charge, now_s: float) -> bytes | None:
        """The record, or None where the end is not the usual one.

        Args:
            outcome: how the request ended.
            charge: what it used and costs.
            now_s: the loop's clock.
        """
        opened, attempts, answer = outcome.opened, outcome.attempts, outcome.answer
        if (
            outcome.status != "ok"
            or outcome.http_status != 200
            or len(attempts) != 1
            or answer is None
            or answer.first_frame_s is None
            or charge.estimated
            or outcome.adjusted
            or outcome.user is not None
            or opened.client_request_id is not None
            or outcome.shared is not None
        ):
            return None
        attempt = attempts[0]
        if attempt.status != 200 or attempt.replayed or attempt.why or not attempt.finished:
            return None
        beginning, tried, priced = self._beginning(outcome, charge.price_version)
        arrived_s, began_s = outcome.arrived_s, attempt.started_s
        # Rounded as ``round`` does, up to exact halves of a millisecond.
        return _RECORD % (
            opened.id.encode(),
            opened.at_ms,
            self._caller(opened),
            beginning,
            outcome.end.encode(),
            b'"stream":true,' if opened.stream else b"",
            _tokens(charge.tokens),
            charge.cost_nanousd,
            priced,
            int((answer.first_frame_s - arrived_s) * 1000 + 0.5),
            int((now_s - arrived_s) * 1000 + 0.5),
            tried,
            opened.at_ms + int((began_s - arrived_s) * 1000 + 0.5),
            int((now_s - began_s) * 1000 + 0.5),
            _said(b"provider_request_id", attempt.provider_request_id),
            _said(b"provider_answer_id", attempt.reader.answer_id),
        )

    def _caller(self, opened: Opened) -> bytes:
        """The members that say who asked."""
        known = self._callers.get(opened.key)
        if known is None:
            members = {
                "organization": opened.organization,
                "project": opened.project,
                "key": opened.key,
            }
            known = _json(members)[1:-1] + b","
            if len(self._callers) >= CALLERS_MAX:
                self._callers.clear()
            self._callers[opened.key] = known
        return known

    def _beginning(self, outcome: Outcome, version: str | None) -> tuple[bytes, bytes, bytes]:
        """The members that say what was asked of whom, of the record and of its one try, and the
        price's version."""
        opened = outcome.opened
        endpoint, mount, dialect = outcome.endpoint.id, opened.mount, opened.dialect
        kind = (outcome.asked, endpoint, mount, dialect, opened.model, version)
        known = self._beginnings.get(kind)
        if known is None:
            provider = outcome.endpoint.provider.id
            members = {
                "model": opened.model,
                "asked": outcome.asked,
                "endpoint": endpoint,
                "provider": provider,
                "dialect": dialect,
                "mount": mount,
            }
            tried = {"endpoint": endpoint, "provider": provider}
            known = (
                _json(members)[1:-1] + b",",
                _json(tried)[1:-1] + b",",
                _said(b"price_version", version),
            )
            if len(self._beginnings) >= BEGINNINGS_MAX:
                self._beginnings.clear()
            self._beginnings[kind] = known
        return known


def _said(name: bytes, value: str | None) -> bytes:
    return b"" if value is None else b',"%b":%b' % (name, _json(value))


def _tokens(tokens: Tokens) -> bytes:
    if not (tokens.cached or tokens.cache_write or tokens.reasoning):
        return _TWO_TOKENS % (tokens.input, tokens.output)
    return _TOKENS % (
        tokens.input,
        tokens.output,
        tokens.cached,
        tokens.cache_write,
        tokens.reasoning,
    )
