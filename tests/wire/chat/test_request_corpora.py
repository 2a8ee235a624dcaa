"""Public test data through the request side: strings survive, what is no JSON is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from glimway.wire.body import decode_object
from glimway.wire.chat.fit import MEMBERS
from glimway.wire.chat.outgoing import encode
from glimway.wire.chat.request import decode
from glimway.wire.quirks import Quirks
from glimway.wire.refusal import Refusal

PLAIN = Quirks()

REPOSITORY = Path(__file__).parents[3]
CORPORA = Path(os.environ.get("GLIMWAY_CORPORA", REPOSITORY.parent / "shared" / "corpora"))
"""Public test data, where they are there; the cases below stand for them elsewhere."""

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


def naughty_strings() -> list[str]:
    file = CORPORA / "strings" / "blns.json"
    found: list[str] = json.loads(file.read_text("utf-8")) if file.exists() else []
    return [*NAUGHTY, *found]


def broken_files() -> list[bytes]:
    folder = CORPORA / "json"
    files = sorted(folder.glob("n_*.json")) if folder.is_dir() else []
    return [*BROKEN, *(file.read_bytes() for file in files)]


def test_naughty_strings_survive_at_every_place() -> None:
    for text in naughty_strings():
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
    for text in broken_files():
        with pytest.raises(Refusal) as caught:
            decode(decode_object(wrapper.replace(b"%s", text)))
        assert caught.value.kind == "invalid"


def test_openais_own_members_are_the_documents() -> None:
    file = CORPORA / "specs" / "openai-pruned.json"
    if not file.exists():
        assert len(MEMBERS) == 37
        return
    schemas = json.loads(file.read_text("utf-8"))["components"]["schemas"]

    def properties(schema: dict[str, Any]) -> set[str]:
        if "$ref" in schema:
            return properties(schemas[schema["$ref"].rpartition("/")[2]])
        found = set(schema.get("properties", ()))
        return found.union(*(properties(part) for part in schema.get("allOf", ())))

    assert properties(schemas["CreateChatCompletionRequest"]) == MEMBERS
