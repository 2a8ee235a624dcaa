"""OpenAI's library with what is under a seal: thinking of stateless clients, and summaries."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from kit import answers
from kit.provider import ScriptedProvider

ENCRYPTED: Any = ["reasoning.encrypted_content"]


def test_thinking_comes_back_sealed_to_who_keeps_it(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(answers.whole(answers.glm("Hello.", "They greet.")))
    first = client.responses.create(model="lab/m", input="Hi.", store=False, include=ENCRYPTED)
    thought = first.output[0]
    assert thought.type == "reasoning"
    assert thought.encrypted_content
    assert thought.encrypted_content.startswith("gw1.")
    assert "They greet" not in thought.encrypted_content
    back: list[Any] = [item.model_dump(exclude_none=True) for item in first.output]
    back[0] = {"type": "reasoning", "summary": [], "encrypted_content": thought.encrypted_content}
    host.script(answers.whole(answers.chat("Bye.")))
    again: list[Any] = [
        {"role": "user", "content": "Hi."},
        *back,
        {"role": "user", "content": "Bye."},
    ]
    client.responses.create(model="lab/m", input=again, store=False)
    roles = [one["role"] for one in host.requests[-1].json()["messages"]]
    assert roles == ["user", "assistant", "user"]


def test_thinking_is_shown_unsealed_to_who_did_not_ask(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(answers.whole(answers.glm("Hello.", "They greet.")))
    made = client.responses.create(model="lab/m", input="Hi.")
    found = client.responses.retrieve(made.id)
    for one in (made, found):
        assert one.output[0].model_dump().get("encrypted_content") is None
    sealed = client.responses.retrieve(made.id, include=ENCRYPTED)
    assert sealed.output[0].model_dump()["encrypted_content"].startswith("gw1.")


def test_a_conversation_is_compacted_and_goes_on(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    conversation: Any = [
        {"role": "user", "content": "I am Ann."},
        {"type": "function_call", "call_id": "c", "name": "look", "arguments": '{"at":"sky"}'},
        {"type": "function_call_output", "call_id": "c", "output": "blue"},
    ]
    host.script(answers.whole(answers.chat("Ann asked for the sky; it is blue.")))
    made = client.responses.compact(model="lab/m", input=conversation, instructions="Be brief.")
    assert made.object == "response.compaction"
    assert made.usage.total_tokens == 12
    (item,) = made.output
    assert item.type == "compaction"
    assert "sky" not in item.encrypted_content
    asked = host.requests[-1].json()["messages"]
    assert [one["role"] for one in asked] == ["system", "user", "assistant", "user", "user"]
    assert "look" in str(asked[2]["content"])
    assert "blue" in str(asked[3]["content"])

    host.script(answers.whole(answers.chat("Blue.")))
    after: Any = [*[one.model_dump() for one in made.output], {"role": "user", "content": "So?"}]
    response = client.responses.create(model="lab/m", input=after)
    assert "it is blue" in str(host.requests[-1].json()["messages"][0]["content"])
    host.script(answers.whole(answers.chat("Bye.")))
    client.responses.create(model="lab/m", input="Bye.", previous_response_id=response.id)
    assert "it is blue" in str(host.requests[-1].json()["messages"][0]["content"])


def test_a_kept_conversation_is_compacted_by_id(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(answers.whole(answers.chat("Hello Ann.")))
    first = client.responses.create(model="lab/m", input="I am Ann.")
    host.script(answers.whole(answers.chat("Ann said hello.")))
    client.responses.compact(model="lab/m", previous_response_id=first.id)
    contents = [one["content"] for one in host.requests[-1].json()["messages"]]
    assert contents[:2] == ["I am Ann.", "Hello Ann."]


def test_a_summary_that_is_changed_is_refused(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(answers.whole(answers.chat("A summary.")))
    made = client.responses.compact(model="lab/m", input="Hi.")
    item: Any = made.output[0].model_dump()
    item["encrypted_content"] = item["encrypted_content"][:-4] + "AAAA"
    with pytest.raises(openai.BadRequestError, match="compact the conversation again"):
        client.responses.create(model="lab/m", input=[item])


def test_a_summary_that_is_none_is_an_error(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(answers.whole(answers.chat("")))
    with pytest.raises(openai.APIStatusError):
        client.responses.compact(model="lab/m", input="Hi.")
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.compact(model="lab/m")
    assert raised.value.param == "input"
