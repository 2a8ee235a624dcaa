"""Odd texts through the request side: strings survive, what is no JSON is refused.

``tests/corpora`` does the same with public test data, over HTTP.
"""

from __future__ import annotations

import json

import pytest

from glimway.wire.body import decode_object
from glimway.wire.chat.outgoing import encode
from glimway.wire.chat.request import decode
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal

PLAIN = Quirks()

NAUGHTY = [
    "",
    "undefined",
    "\x00\x01\x1f\x7f",
    "\u200b\u202e\ufeff\u2028",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "T\u0363o\u036f",
    "<script>alert(1)</script>",
    "\"'\\`$(touch x)",
    "{{7*7}} ${7*7} %s%n",
    "a" * 100_000,
]
BROKEN = [b"[1,]", b"[1 2]", b"{'a': 1}", b"01", b"+1", b".5", b"1.", b"Infinity", b'"\x01"']


def test_naughty_strings_survive_at_every_place() -> None:
    for text in NAUGHTY:
        body = {
            "model": "m",
            "messages": [
                {"role": "user", "content": text},
                {"role": "assistant", "content": text, "reasoning_content": text},
                {"role": "tool", "content": [{"type": "text", "text": text}], "tool_call_id": text},
            ],
            "stop": text or "x",
            "user": text,
            "x_mark": {text: text},
        }
        raw = json.dumps(body, ensure_ascii=False).encode()
        assert decode_object(encode(decode(decode_object(raw)), PLAIN, "m").body) == body


@pytest.mark.parametrize("wrapper", [b"%s", b'{"model": "m", "messages": %s}', b'{"x": %s}'])
def test_what_is_no_json_is_refused(wrapper: bytes) -> None:
    for text in BROKEN:
        with pytest.raises(Refusal) as caught:
            decode(decode_object(wrapper.replace(b"%s", text)))
        assert caught.value.kind == "invalid"
