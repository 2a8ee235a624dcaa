"""Scripts that act on the connection and on the bytes of a stream.

Knows their names and sentences. Refuses to know how they are done.
"""

from __future__ import annotations

from typing import Final

from glimway.sandbox.script import Behaviour as Row

WIRES: Final[tuple[Row, ...]] = (
    Row("silent", "wire", "takes the request and never answers", "a timeout, or another provider"),
    Row(
        "silent-after-headers",
        "wire",
        "sends the head of a 200, then nothing for ever",
        "a timeout for the first token, or another provider",
    ),
    Row(
        "stall-N",
        "wire",
        "goes silent for ever after N frames (a whole answer: in the middle of its body)",
        "N frames, then an error when the limit between tokens has passed",
    ),
    Row(
        "cut-N",
        "wire",
        "closes the connection after N frames, without the end of the chunked body",
        "an error, never a success mark; before any text: a retry",
    ),
    Row(
        "tear-N",
        "wire",
        "closes the connection in the middle of the frame after N frames",
        "as `cut-N`; the torn frame is not shown",
    ),
    Row("reset-N", "wire", "resets the connection (RST) after N frames", "as `cut-N`"),
    Row(
        "reset-before-headers",
        "wire",
        "resets the connection instead of an answer",
        "a retry",
    ),
    Row(
        "lying-length",
        "wire",
        "a Content-Length larger than the body, then the connection closes",
        "an error for a whole answer; a stream that reached its end is fine",
    ),
    Row(
        "short-length",
        "wire",
        "a Content-Length smaller than the body; the rest follows as garbage",
        "an error, and no later request answered with the garbage",
    ),
    Row("wrong-type", "wire", "the right stream under `content-type: text/plain`", "the answer"),
    Row("gzip", "wire", "a body in gzip that nobody asked for", "the answer, or a clear error"),
    Row(
        "split-utf8",
        "wire",
        "text with Chinese and emoji; every chunk is cut inside a character",
        "each character whole, no U+FFFD",
    ),
    Row("byte-by-byte", "wire", "every byte of the body in a chunk of its own", "the answer"),
    Row("crlf", "stream", "lines end in CR LF", "the answer", "streams"),
    Row(
        "comments",
        "stream",
        "comment lines (`: OPENROUTER PROCESSING`) before and between frames",
        "the answer, no comment in it",
        "streams",
    ),
    Row(
        "malformed-first",
        "stream",
        "the first frame is cut in the middle of its JSON",
        "a retry",
    ),
    Row(
        "malformed-N",
        "stream",
        "frame N is cut in the middle of its JSON; what it said is lost",
        "an error, never text with a hole",
    ),
    Row(
        "noise-N",
        "stream",
        "before frame N comes a data line that is a line of a log, not JSON",
        "the answer or an error, never the line",
        "streams",
    ),
    Row(
        "glued",
        "stream",
        "two frames in one line (`data: {...}data: {...}`), then two in one event",
        "the answer, whole",
        "streams",
    ),
    Row(
        "glued-cut",
        "stream",
        "a frame is cut mid-field and the next `data:` follows in the same line",
        "an error, never text with a hole",
        "streams",
    ),
    Row(
        "split-frame",
        "stream",
        "one JSON object is spread over two events",
        "the answer, whole",
        "streams",
    ),
    Row(
        "error-frame-N",
        "stream",
        "frame N is an error object; then `[DONE]`",
        "an error; N = 1: a retry",
        "streams",
    ),
    Row(
        "huge-line",
        "stream",
        "frame 2 carries a member of 10 MiB",
        "an error, memory stays flat",
        "streams",
    ),
    Row(
        "bad-utf8",
        "stream",
        "the text holds a byte that is not UTF-8",
        "U+FFFD for it, or an error",
    ),
    Row(
        "half-surrogate",
        "stream",
        "the text holds half a surrogate pair (`\\ud83d`) as JSON lets it",
        "U+FFFD for it, or an error",
    ),
    Row(
        "no-done",
        "stream",
        "the end mark (`[DONE]`) is missing",
        "an error after the text",
        "streams",
    ),
)
