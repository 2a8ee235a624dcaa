"""Which methods a path takes.

Knows how a request of another one is refused, with the header that the protocol asks for
(https://www.rfc-editor.org/rfc/rfc9110#name-405-method-not-allowed). Refuses to know any path.
"""

from __future__ import annotations

from glimway.wire.refusal import Refusal


def only(method: str, *allowed: str) -> None:
    """Refuse a request whose method is not among ``allowed``.

    Raises:
        Refusal: ``method_not_allowed``; its header ``allow`` names them all.
    """
    if method in allowed:
        return
    told = [name for name in allowed if name != "HEAD"]  # goes without saying beside GET
    raise Refusal(
        "method_not_allowed",
        f"This path takes {' or '.join(told)}, not {method}.",
        headers=((b"allow", ", ".join(allowed).encode()),),
    )
