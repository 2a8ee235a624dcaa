"""Scripts that are no fault (speed, host, content) and scripts that answer with an error.

Knows their names and sentences. Refuses to know how they are done.
"""

from __future__ import annotations

from typing import Final

from glimway.sandbox.script import Behaviour as Row

ANSWERS: Final[tuple[Row, ...]] = (
    Row("slow", "pace", "about 10 tokens a second", "text that comes word by word"),
    Row("fast", "pace", "no delay at all", "the answer at once"),
    Row("tps-N", "pace", "N tokens a second", "text at that speed"),
    Row(
        "ttft-N",
        "pace",
        "headers at once, then N ms of silence before the first frame (a whole answer waits N ms)",
        "a wait; a timeout where N is above the limit for a first token",
    ),
    Row(
        "family-X",
        "host",
        "answers in the wire shapes of the host family X",
        "the same answer as from any other family",
    ),
    Row(
        "strict",
        "host",
        "refuses what the family is known to refuse: members it does not know, its narrower"
        " ranges, a JSON schema or tool choice it does not take",
        "an answer: the client left out, or did itself, what this host cannot do",
    ),
    Row("echo", "answer", "answers exactly the last user message", "its own text, byte for byte"),
    Row("tokens-N", "answer", "the text is about N tokens long (at most 65,536)", "a long answer"),
    Row(
        "mark-X",
        "answer",
        "every word of text and thinking ends in `[X]`",
        "one marker only: two markers in one answer are two answers glued",
    ),
    Row(
        "token-X",
        "answer",
        "names the request for `fail-first-N`, as the header `x-sandbox-token` does",
        "nothing",
    ),
    Row(
        "fail-first-N",
        "answer",
        "the faults of the same script (503 where it names none) strike only the first N requests"
        " with the same token; without a token the model's whole name counts",
        "a good answer, after retries",
    ),
    Row(
        "cached-N",
        "answer",
        "reports N cached prompt tokens (never more than the prompt)",
        "N, and its price",
    ),
    Row("400", "status", "400, a field is illegal", "the reason; no retry"),
    Row("401", "status", "401, the key is not accepted", "that the key is not accepted; no retry"),
    Row("402", "status", "402, the account is spent", "that the account is spent; no retry"),
    Row("403", "status", "403, the key may not", "that the key may not; no retry"),
    Row("404", "status", "404, unknown model", "that the model is unknown; no retry"),
    Row(
        "429",
        "status",
        "429 without Retry-After, as Z.ai sends it",
        "retries that wait longer each time",
    ),
    Row("429-retry-after", "status", "429 with `Retry-After: 2`", "a retry after 2 s"),
    Row("500", "status", "500", "a retry, or another provider"),
    Row("502", "status", "502", "a retry, or another provider"),
    Row("503", "status", "503", "a retry after a wait, or another provider"),
    Row("529", "status", "529, overloaded", "a retry after a wait, or another provider"),
    Row(
        "html-502",
        "status",
        "502 with a proxy's HTML page as its body",
        "a retry; an error without HTML in it",
    ),
    Row(
        "code-1302",
        "status",
        "429 with Z.ai's code 1302: the account's rate limit",
        "a retry after a short wait",
    ),
    Row(
        "code-1305",
        "status",
        "429 with Z.ai's code 1305: the model is overloaded",
        "another provider at once, or retries after long waits",
    ),
    Row(
        "code-1113",
        "status",
        "429 with Z.ai's code 1113: no balance, or the wrong endpoint for the key",
        "no retry with this key",
    ),
    Row(
        "code-1261",
        "status",
        "400 with Z.ai's code 1261: prompt too long",
        "that the prompt is too long; no retry",
    ),
    Row(
        "code-1301",
        "status",
        "400 with Z.ai's code 1301: unsafe content",
        "that the content was refused; no retry",
    ),
    Row(
        "code-N",
        "status",
        "any other business code of Z.ai, with its HTTP status and body",
        "what the code means: a retry, a spent quota, or an error of the caller",
    ),
    Row(
        "error-in-200",
        "status",
        "status 200, and the body is an error object (code 1305), also where a stream was asked",
        "an overload error, never an empty answer",
    ),
    Row(
        "empty-200",
        "status",
        "status 200 with no body at all",
        "a retry, then an error; never an empty answer",
    ),
    Row(
        "html-200",
        "status",
        "status 200 with an HTML page",
        "a retry, then an error without HTML in it",
    ),
)
