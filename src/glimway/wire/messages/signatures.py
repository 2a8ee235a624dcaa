"""Thinking of earlier turns, and the signature that proves it.

Knows that a maker's signature means something to its maker alone, and that an answer of any model
must carry one here: clients keep a thinking block only with its signature and send both back.
Refuses to know cryptography (``seal`` and ``unseal`` are handed in) and who the maker is.

Another maker's signature is refused by the one that gets it, which ends a conversation for good
(https://github.com/ding113/claude-code-hub/issues/518,
https://github.com/router-for-me/CLIProxyAPI/pull/570).
So where a seal is at hand, the signature that a client sees is ours and holds the maker's own with
the maker's name; without one a maker's own is shown as it is, and an unsigned thought gets a mark
of ours, which is never sent on.
"""

from __future__ import annotations

from typing import Any

from glimway.wire import check
from glimway.wire.responses.thoughts import MARK, Seal, Secret, Unseal, opened, sealed_text
from glimway.wire.talk import Json, ThoughtPart

__all__ = ["ORIGIN", "UNSIGNED", "Seal", "Unseal", "read_redacted", "read_thinking", "token_of"]

UNSIGNED = MARK + "unsigned"
"""Stands where a signature must, and none was made."""

ORIGIN = "origin"
"""Key in a thought's ``extra``: the maker's name for the model; empty: nobody knows it any more."""

THINKING = "thinking"
REDACTED = "redacted_thinking"
"""Types of block, and forms of a thought."""


def token_of(secret: Secret, seal: Seal | None) -> str:
    """The signature, or the redacted data, that a client sees.

    Args:
        secret: the maker's own tokens, and its name for the model.
        seal: seals; None: a maker's own token is shown.
    """
    if seal is not None:
        return sealed_text(secret, seal)
    return secret.signature or secret.sealed or UNSIGNED


def read_thinking(param: str, item: dict[str, Any], unseal: Unseal | None) -> ThoughtPart:
    """Read a ``thinking`` block.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    text = check.string(f"{param}.thinking", item.get("thinking"))
    token = item.get("signature")
    if token is not None:
        token = check.string(f"{param}.signature", token)
    known = ("type", "thinking", "signature")
    extra = {k: v for k, v in item.items() if k not in known and v is not None} or None
    if token is None or not token.startswith(MARK):
        return ThoughtPart(text, THINKING, token, extra=extra)
    return _ours(text, THINKING, token, unseal)


def read_redacted(param: str, item: dict[str, Any], unseal: Unseal | None) -> ThoughtPart:
    """Read a ``redacted_thinking`` block.

    Raises:
        Refusal: ``invalid``, naming the member.
    """
    data = check.string(f"{param}.data", item.get("data"))
    extra = {k: v for k, v in item.items() if k not in ("type", "data") and v is not None} or None
    if not data.startswith(MARK):
        return ThoughtPart("", REDACTED, sealed=data, extra=extra)
    return _ours("", REDACTED, data, unseal)


def _ours(text: str, form: str, token: str, unseal: Unseal | None) -> ThoughtPart:
    """A thought under our own mark; one that cannot be opened keeps what it says readably."""
    secret = opened(token, unseal)
    if secret is None:
        # Without a text it says nothing any more, and whoever writes it names it as left out.
        return ThoughtPart(text, form, sealed=None if text else token, extra={ORIGIN: ""})
    origin: dict[str, Json] = {ORIGIN: secret.model or ""}
    return ThoughtPart(secret.text or text, form, secret.signature, secret.sealed, origin)


def at_home(part: ThoughtPart, model: str) -> bool:
    """Whether the host of ``model`` made this thought, as far as the thought tells: hosts answer
    with a dated name of the model that was asked for."""
    origin = (part.extra or {}).get(ORIGIN)
    if type(origin) is not str or not origin:
        return False
    return origin.startswith(model) or model.startswith(origin)
