"""The seal on thinking: what it holds, who may open it, and what a broken one means."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.events import Event, Start, Text, Thought
from glimway.wire.refusal import Refusal
from glimway.wire.responses import client_side
from glimway.wire.responses.request import decode
from glimway.wire.responses.stored import compaction
from glimway.wire.responses.thoughts import MARK, Secret, opened, sealed_text
from glimway.wire.talk import TextPart, ThoughtPart
from wire.responses.grammar import Clean
from wire.responses.making import encoded, seal, style, unseal, written

ASKED = style(include=["reasoning.encrypted_content"])


def replay(*events: Event) -> list[Any]:
    """The output of an answer, as a client sends it back."""
    output = Clean(written(ASKED, *([event] for event in events))).response["output"]
    return [{"role": "user", "content": "Hi"}, *output]


def thought_in(items: list[Any]) -> ThoughtPart:
    call = decode({"model": "m", "input": items}, unseal)
    part = call.turns[1].parts[0]
    assert isinstance(part, ThoughtPart)
    return part


def test_what_was_sealed_is_opened() -> None:
    items = replay(Start("x", "up"), Thought("Hm"), Thought("", sealed="blob"), Text("a"))
    part = thought_in(items)
    assert (part.text, part.sealed) == ("Hm", "blob")
    assert part.extra is not None
    assert "encrypted_content" not in part.extra["item"]


def test_a_signature_is_sealed_too() -> None:
    items = replay(Start("x", "claude"), Thought("Hm"), Thought("", signature="sig"))
    assert thought_in(items).signature == "sig"


def test_a_thought_alone_under_its_seal() -> None:
    """A client may drop the readable parts and keep the sealed one."""
    (user, item) = replay(Start("x", "up"), Thought("Hm"))
    part = thought_in([user, {**item, "summary": [], "content": None}])
    assert part.text == "Hm"


def test_the_makers_own_seal_goes_back_to_the_maker_only() -> None:
    items = replay(Start("x", "up-2026-01-01"), Thought("Hm"), Thought("", sealed="blob"))
    call = decode({"model": "m", "input": items}, unseal)
    home = encoded(call, model="up")["input"][1]
    assert home["encrypted_content"] == "blob"
    abroad = encoded(call, model="other")["input"][1]
    assert "encrypted_content" not in abroad
    assert abroad["content"][0]["text"] == "Hm"


def test_sealed_thinking_without_a_text_means_nothing_elsewhere() -> None:
    items = replay(Start("x", "up"), Thought("", sealed="redacted"), Text("a"))
    call = decode({"model": "m", "input": items}, unseal)
    assert [item["type"] for item in encoded(call, model="up")["input"][1:]] == [
        "reasoning",
        "message",
    ]
    assert [item["type"] for item in encoded(call, model="other")["input"][1:]] == ["message"]


@pytest.mark.parametrize("broken", ["x", "", "<not json>"])
def test_an_altered_seal_is_dropped_and_the_readable_text_counts(broken: str) -> None:
    (user, item) = replay(Start("x", "up"), Thought("Hm"))
    altered = {**item, "encrypted_content": MARK + broken}
    part = thought_in([user, altered])
    assert (part.text, part.sealed, part.signature) == ("Hm", None, None)
    bare = {**altered, "summary": [], "content": None}
    call = decode({"model": "m", "input": [user, bare]}, unseal)
    assert len(encoded(call, model="up")["input"]) == 1


def test_the_seal_of_another_is_opaque() -> None:
    item = {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "gAAAA"}
    items = [{"role": "user", "content": "Hi"}, item]
    assert thought_in(items).sealed == "gAAAA"
    call = decode({"model": "m", "input": items}, unseal)
    assert encoded(call)["input"][1] == item


def test_without_a_way_to_open_it_stays_as_it_is() -> None:
    token = sealed_text(Secret("Hm"), seal)
    item = {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": token}
    call = decode({"model": "m", "input": [{"role": "user", "content": "Hi"}, item]})
    part = call.turns[1].parts[0]
    assert isinstance(part, ThoughtPart)
    assert part.sealed == token


def test_opening() -> None:
    secret = Secret("t", "g", "s", "m")
    token = sealed_text(secret, seal)
    assert opened(token, unseal) == secret
    assert opened(token, None) is None
    assert opened("gAAAA", unseal) is None
    assert opened(MARK + "x", unseal) is None


def test_a_compacted_conversation_is_told() -> None:
    item = compaction("They spoke of cats.", "cmp_1", seal)
    body: Any = {"model": "m", "input": [item, {"role": "user", "content": "And?"}]}
    call = client_side(unseal).decode(body, [])
    (part,) = call.turns[0].parts
    assert isinstance(part, TextPart)
    assert part.text.endswith("They spoke of cats.")
    assert encoded(call)["input"][0]["role"] == "user"
    body["input"][0] = {**item, "encrypted_content": MARK + "x"}
    with pytest.raises(Refusal, match="compact the conversation again"):
        decode(body, unseal)
    # Another's is opaque, and goes back to where it may have come from.
    theirs = {**item, "encrypted_content": "gAAAA"}
    assert encoded(decode({"model": "m", "input": [theirs]}, unseal))["input"] == [theirs]
