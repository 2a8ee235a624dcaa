"""The page of conformance, made by running the codecs on the corpus.

Knows how the page is laid out. Refuses to know any result beforehand. Run as a program it writes
``docs/conformance.md``; a test holds the committed page to it.
"""

from __future__ import annotations

from pathlib import Path

from golden.answering import FEATURES, end_fate
from golden.answering import fate as answer_fate
from golden.asking import Fate
from golden.asking import fate as request_fate
from golden.cases import CLIENT_DIALECTS, HOST_DIALECTS, answers, requests

PAGE = Path(__file__).parents[2] / "docs/conformance.md"
PLACES_MAX = 3
ENDS = (
    *("text", "tool", "length", "filtered", "stop_sequence", "context", "pause"),
    *("error", "cut"),
)
"""Cases whose end is told of."""

NAMES = {
    "chat": "chat completions",
    "responses": "responses",
    "messages": "messages",
    "aisdk": "AI SDK gateway",
}

HEAD = """# Conformance

What becomes of each feature of a request or an answer, for every dialect of a client and every
dialect of a provider. This page is made by running the codecs on the requests and answers in
`tests/golden/corpus` (`scripts/conformance` writes it), and a test fails where it is out of date.
The provider here has no peculiarities of its own; those of real ones are in their profiles
([providers](providers.md)), and a narrower one gets less.

- **exact**: the provider (or the client) reads what was meant.
- **elsewhere**: it is carried in another place or way, which is named: members of the body, or
  what the gateway does itself.
- **left out**: it cannot be carried and changes no meaning; of a request the answer's header
  `x-glimway-adjusted` says so in these words, of an answer this page says why.
- **refused**: it cannot be carried and would change the meaning; the request is answered with 400
  and these words.

Nothing is ever dropped in silence: the same tests fail on a feature that arrives nowhere and is not
named. Requests to a provider of the client's own dialect arrive as they were written, but for the
model's name (and `store: false`, where a responses request does not say).
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for client in CLIENT_DIALECTS:
        for host in HOST_DIALECTS:
            parts.append(_requests(client, host))
            parts.append(_answers(client, host))
    return "\n".join(parts)


def _title(client: str, host: str) -> str:
    return f"## A client of {NAMES[client]}, a provider of {NAMES[host]}\n"


def _requests(client: str, host: str) -> str:
    lines = [
        _title(client, host),
        "| request | result | where, or in which words |",
        "|---|---|---|",
    ]
    lines += [_row(request.name, request_fate(request, host)) for request in requests(client)]
    return "\n".join(lines) + "\n"


def _answers(client: str, host: str) -> str:
    lines = ["| answer | result | where, or why |", "|---|---|---|"]
    for answer in answers(host):
        feature = FEATURES.get(answer.name)
        if feature is not None and answer.whole is not None:
            lines.append(_row(answer.name, answer_fate(answer, client, feature)))
    lines += [
        _row(f"end: {answer.name}", end_fate(answer, client))
        for answer in answers(host)
        if answer.name in ENDS
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, fate: Fate) -> str:
    words = fate.words[:PLACES_MAX]
    shown = [f"`{word}`" if " " not in word else word for word in words]
    if len(fate.words) > PLACES_MAX:
        shown.append(f"{len(fate.words) - PLACES_MAX} more")
    text = "; ".join(shown).replace("|", "\\|")
    return f"| {name.replace('_', ' ')} | {fate.way} | {text} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
