"""The two families of error: a refusal is ours, a fault is a provider's.

Knows the kinds, the public message and the inner detail of each. Refuses to know how a mount
spells them: status and body come from the one table per mount in ``surface/errors``.
The public ``message`` may leave the building; ``detail`` never does (it goes to logs and receipts).
"""

from __future__ import annotations

import json
from typing import Final, Literal, get_args

RefusalKind = Literal[
    "invalid",  # malformed body or field
    "context_too_long",
    "unsupported",  # what this route cannot do
    "content_filter",
    "unauthenticated",  # no or bad key
    "insufficient_quota",  # credits or budget spent
    "forbidden",  # the key may not
    "not_found",  # unknown model or object
    "method_not_allowed",
    "too_large",
    "rate_limited",  # our own limit
    "unavailable",  # we are overloaded, draining, or our books cannot be written
]
"""At most 14 kinds; a caller branches on the kind, a person reads the message."""

FaultKind = Literal[
    "unreachable",  # refused, reset before an answer, name or TLS failure
    "timeout",  # one of the four deadlines
    "rate_limited",  # the provider's limit
    "overloaded",  # 5xx that says come back later
    "quota",  # the operator's account at the provider is spent
    "auth",  # the operator's key at the provider is not accepted
    "rejected",  # the provider says the request itself is wrong
    "broken",  # the answer cannot be read, or ended before its end
]
"""At most 8 kinds."""

REFUSAL_KINDS: Final[tuple[str, ...]] = get_args(RefusalKind)
FAULT_KINDS: Final[tuple[str, ...]] = get_args(FaultKind)

SHOWN_CHARS_MAX: Final = 80
"""How much of a caller's own value an error message repeats."""


class Refusal(Exception):
    """We said no.

    Args:
        kind: which of the kinds; the mount's table gives status, type and default code.
        message: public; names the field, what was given, what is accepted, what to do.
        code: a finer public code (``missing_field``), else the mount's default for the kind.
        param: the field's path (``messages[0].content``), where one is to blame.
        detail: inner cause, never sent.
        retry_after_s: for ``rate_limited`` and ``unavailable``: when to come back.
        headers: response headers that belong to the refusal (rate-limit state).
    """

    __slots__ = ("code", "detail", "headers", "kind", "message", "param", "retry_after_s")

    def __init__(
        self,
        kind: RefusalKind,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        detail: str | None = None,
        retry_after_s: float | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        # A caller's own words may stand in it, and it goes to logs, terminals and frames of a line.
        message = message if message.isprintable() else _printable(message)
        super().__init__(message)
        self.kind: RefusalKind = kind
        self.message = message
        self.code = code
        self.param = param
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.headers = headers


class Fault(Exception):
    """A provider failed.

    Args:
        kind: which of the kinds.
        detail: what happened, with the provider's own words (shortened); kept for the receipt.
        status: the provider's HTTP status, where there was one.
        message: public words, only for ``rejected`` (what the provider says is wrong with the
            caller's request); every other kind speaks through the mount's table.
        retry_after_s: what the provider asked for, else None.
        code: the provider's own error code as text.
        refusal: set when the provider's answer means one of *our* refusals (context too long,
            content filter): then the caller sees that refusal and no failover happens.
        lacks: the provider says that it does not have the model or the path, whatever its status:
            another may have it.
    """

    __slots__ = (
        "code", "detail", "kind", "lacks", "message", "refusal", "retry_after_s", "status",
    )  # fmt: skip

    def __init__(
        self,
        kind: FaultKind,
        detail: str,
        *,
        status: int | None = None,
        message: str | None = None,
        retry_after_s: float | None = None,
        code: str | None = None,
        refusal: RefusalKind | None = None,
        lacks: bool = False,
    ) -> None:
        super().__init__(detail)
        self.kind: FaultKind = kind
        self.lacks = lacks
        self.detail = detail
        self.status = status
        self.message = message
        self.retry_after_s = retry_after_s
        self.code = code
        self.refusal: RefusalKind | None = refusal


def shown(value: object) -> str:
    """A caller's value as an error message repeats it: one line, shortened, spelled as JSON.

    Control characters are escaped, so that a message can never forge a log line or a header.
    """
    text = '"' + value + '"' if isinstance(value, str) else _spelled(value)
    if len(text) > SHOWN_CHARS_MAX:
        text = text[: SHOWN_CHARS_MAX - 1] + ('…"' if isinstance(value, str) else "…")
    return _printable(text)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def _spelled(value: object) -> str:
    """As the caller wrote it; numbers stay as they read, since TOML has ``nan`` and dates."""
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=repr)
    return repr(value)
