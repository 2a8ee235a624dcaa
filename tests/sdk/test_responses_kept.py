"""OpenAI's library on kept responses: shown, continued, deleted, made in the background."""

from __future__ import annotations

import threading
import time
from typing import Any

import openai
import pytest
from openai.types.responses import Response

from kit import answers
from kit.gateway import Gateway
from kit.http import call
from kit.provider import ScriptedProvider
from kit.steps import Close, Pause, WaitForClose

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
SOON_S = 0.02


def said(host: ScriptedProvider) -> list[tuple[str, Any]]:
    """Roles and contents of what the host was asked last."""
    messages: list[dict[str, Any]] = host.requests[-1].json()["messages"]
    return [(one["role"], one.get("content")) for one in messages]


def until_over(client: openai.OpenAI, response: Response) -> Response:
    ends_s = time.monotonic() + 15
    while response.status in ("queued", "in_progress") and time.monotonic() < ends_s:
        time.sleep(SOON_S)
        response = client.responses.retrieve(response.id)
    return response


def begun(client: openai.OpenAI, host: ScriptedProvider) -> Response:
    """A background answer that the host works on and never gives."""
    before = len(host.requests)
    host.script(WaitForClose())
    made = client.responses.create(model="lab/m", input="Work.", background=True)
    host.wait_for_requests(before + 1)
    return made


# ---- shown and deleted ---------------------------------------------------------------------------


def test_an_answer_is_found_at_once(client: openai.OpenAI, host: ScriptedProvider) -> None:
    for _ in range(20):
        host.script(answers.whole(answers.chat("Hello there.")))
        made = client.responses.create(model="lab/m", input="Hi.", metadata={"a": "b"})
        found = client.responses.retrieve(made.id)
        assert found.model_dump() == made.model_dump()


def test_a_streamed_answer_is_found_at_once(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(*answers.stream(answers.chat_frames()))
    with client.responses.stream(model="lab/m", input="Hi.") as stream:
        events = list(stream)
    done = events[-1]
    assert done.type == "response.completed"
    assert client.responses.retrieve(done.response.id).output_text == "Hello there."


def test_a_kept_answer_streams_its_end(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(answers.whole(answers.chat("Hello there.")))
    made = client.responses.create(model="lab/m", input="Hi.")
    events = list(client.responses.retrieve(made.id, stream=True))
    assert [event.type for event in events] == ["response.completed"]


def test_a_deleted_answer_is_gone(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(answers.whole(answers.chat()))
    made = client.responses.create(model="lab/m", input="Hi.")
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError) as raised:
        client.responses.create(model="lab/m", input="Go on.", previous_response_id=made.id)
    assert raised.value.code == "previous_response_not_found"


def test_store_false_keeps_nothing(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(answers.whole(answers.chat()))
    made = client.responses.create(model="lab/m", input="Hi.", store=False)
    assert made.model_dump()["store"] is False
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_zero_retention_keeps_nothing(client: openai.OpenAI) -> None:
    made = client.responses.create(
        model="sandbox/glm-4.7-flash", input="Hi.", extra_body={"provider": {"zdr": True}}
    )
    assert made.model_dump()["store"] is False


def test_what_failed_is_not_kept(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(*answers.stream(answers.chat_frames())[:3], Close())
    kinds: list[str] = []
    numbers: list[int] = []
    ids: list[str] = []
    with pytest.raises(openai.APIError):
        for event in client.responses.create(model="lab/m", input="Hi.", stream=True):
            kinds.append(event.type)
            numbers.append(event.sequence_number)
            if event.type == "response.created":
                ids.append(event.response.id)
    assert kinds.count("response.created") == 1
    assert numbers == list(range(len(numbers)))
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(ids[0])


def test_input_items_come_in_pages(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(answers.whole(answers.chat()))
    asked: Any = [{"role": "user", "content": f"Number {n}."} for n in range(5)]
    made = client.responses.create(model="lab/m", input=asked)
    items = list(client.responses.input_items.list(made.id, limit=2, order="asc"))
    shown: list[Any] = [item.model_dump() for item in items]
    assert [item["content"][0]["text"] for item in shown] == [f"Number {n}." for n in range(5)]
    newest = client.responses.input_items.list(made.id, limit=1)
    assert newest.has_more
    assert newest.data[0].id == items[-1].id
    with pytest.raises(openai.BadRequestError):
        client.responses.input_items.list(made.id, limit=101)


# ---- continued -----------------------------------------------------------------------------------


def test_a_conversation_goes_on(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(answers.whole(answers.chat("Hello Ann.")))
    first = client.responses.create(
        model="lab/m", input="I am Ann.", instructions="Be brief.", store=True
    )
    host.script(answers.whole(answers.chat("You are Ann.")))
    second = client.responses.create(
        model="lab/m", input="Who am I?", previous_response_id=first.id
    )
    assert second.previous_response_id == first.id
    # Instructions are each request's own.
    assert said(host) == [
        ("user", "I am Ann."),
        ("assistant", "Hello Ann."),
        ("user", "Who am I?"),
    ]
    host.script(answers.whole(answers.chat("Bye.")))
    third = client.responses.create(
        model="lab/m", input="Bye.", previous_response_id=second.id, instructions="Be kind."
    )
    assert [role for role, _ in said(host)] == [
        "system", "user", "assistant", "user", "assistant", "user"
    ]  # fmt: skip
    items = list(client.responses.input_items.list(third.id, order="asc"))
    assert len(items) == 5


def test_a_tool_loop_by_id(client: openai.OpenAI) -> None:
    first = client.responses.create(
        model="sandbox/glm-4.7-flash",
        input="What is the weather in Oslo?",
        tools=[WEATHER],
        tool_choice="required",
    )
    (asked,) = [item for item in first.output if item.type == "function_call"]
    second = client.responses.create(
        model="sandbox/glm-4.7-flash",
        previous_response_id=first.id,
        input=[{"type": "function_call_output", "call_id": asked.call_id, "output": "sunny, 21"}],
        tools=[WEATHER],
    )
    assert "sunny, 21" in second.output_text
    third = client.responses.create(
        model="sandbox/glm-4.7-flash", previous_response_id=second.id, input="Thanks."
    )
    assert third.status == "completed"


def test_thinking_goes_back_where_a_conversation_goes_on(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    call_ = answers.tool_call("get_weather", "{}", "call_9")
    thought = answers.glm("", "I must look.", "tool_calls")
    thought["choices"][0]["message"]["tool_calls"] = [call_]
    host.script(answers.whole(thought))
    first = client.responses.create(model="lab/m", input="Weather?", tools=[WEATHER])
    assert [item.type for item in first.output] == ["reasoning", "function_call"]
    host.script(answers.whole(answers.chat("Sunny.")))
    client.responses.create(
        model="lab/m",
        previous_response_id=first.id,
        input=[{"type": "function_call_output", "call_id": "call_9", "output": "sunny"}],
        tools=[WEATHER],
    )
    messages = host.requests[-1].json()["messages"]
    assert [one["role"] for one in messages] == ["user", "assistant", "tool"]
    assert messages[1]["tool_calls"][0]["id"] == "call_9"
    items = list(client.responses.input_items.list(first.id))
    assert len(items) == 1


def test_items_are_referred_to(client: openai.OpenAI, host: ScriptedProvider) -> None:
    host.script(answers.whole(answers.chat("Hello Ann.")))
    first = client.responses.create(model="lab/m", input="I am Ann.")
    host.script(answers.whole(answers.chat("You are Ann.")))
    client.responses.create(
        model="lab/m",
        input=[
            {"role": "user", "content": "I am Ann."},
            {"type": "item_reference", "id": first.output[0].id or ""},
            {"role": "user", "content": "Who am I?"},
        ],
    )
    assert [role for role, _ in said(host)] == ["user", "assistant", "user"]
    with pytest.raises(openai.NotFoundError) as raised:
        client.responses.create(
            model="lab/m", input=[{"type": "item_reference", "id": "msg_none_0"}]
        )
    assert raised.value.param == "input[0].id"


# ---- in the background ---------------------------------------------------------------------------


def test_a_background_answer_is_waited_for(client: openai.OpenAI, host: ScriptedProvider) -> None:
    go = threading.Event()
    host.script(Pause(go), answers.whole(answers.chat("Done.")))
    made = client.responses.create(model="lab/m", input="Work.", background=True)
    assert made.status == "queued"
    assert made.background is True
    assert client.responses.retrieve(made.id).status in ("queued", "in_progress")
    with pytest.raises(openai.BadRequestError, match="not finished"):
        client.responses.create(model="lab/m", input="And?", previous_response_id=made.id)
    go.set()
    done = until_over(client, made)
    assert (done.status, done.output_text) == ("completed", "Done.")
    assert client.responses.cancel(made.id).status == "completed"


def test_a_background_answer_is_cancelled(client: openai.OpenAI, host: ScriptedProvider) -> None:
    made = begun(client, host)
    for _ in range(2):
        assert client.responses.cancel(made.id).status == "cancelled"
    assert client.responses.retrieve(made.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model="lab/m", input="And?", previous_response_id=made.id)


def test_only_background_answers_are_cancelled(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(answers.whole(answers.chat()))
    made = client.responses.create(model="lab/m", input="Hi.")
    with pytest.raises(openai.BadRequestError, match="background"):
        client.responses.cancel(made.id)


def test_a_background_answer_that_fails_says_why(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(answers.error(400, "no such thing"))
    made = client.responses.create(model="lab/m", input="Work.", background=True)
    done = until_over(client, made)
    assert done.status == "failed"
    assert done.error is not None
    assert done.error.message


def test_a_background_request_that_is_wrong_is_refused_at_once(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model="lab/none", input="Work.", background=True)
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model="lab/m", input="Work.", background=True, store=False)


def test_a_background_stream_goes_on_where_it_broke(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    go = threading.Event()
    steps = answers.stream(answers.chat_frames())
    host.script(*steps[:4], Pause(go), *steps[4:])
    seen: list[Any] = []
    stream = client.responses.create(model="lab/m", input="Work.", background=True, stream=True)
    for event in stream:
        seen.append(event)
        if event.type == "response.output_text.delta":
            break
    stream.close()
    answer_id = seen[0].response.id
    assert client.responses.retrieve(answer_id).status == "in_progress"
    go.set()
    last = seen[-1].sequence_number
    seen += client.responses.retrieve(answer_id, stream=True, starting_after=last)
    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    assert seen[-1].type == "response.completed"
    deltas = "".join(one.delta for one in seen if one.type == "response.output_text.delta")
    assert deltas == seen[-1].response.output_text == "Hello there."
    again = list(client.responses.retrieve(answer_id, stream=True, starting_after=last))
    assert [event.sequence_number for event in again] == [
        event.sequence_number for event in seen[last + 1 :]
    ]


def test_a_background_answer_can_be_deleted_while_it_is_made(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    made = begun(client, host)
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


# ---- around it -----------------------------------------------------------------------------------


def test_tokens_are_counted(client: openai.OpenAI) -> None:
    short = client.responses.input_tokens.count(model="lab/m", input="Hi.")
    long = client.responses.input_tokens.count(model="lab/m", input="Hi. " * 500)
    assert short.object == "response.input_tokens"
    assert 0 < short.input_tokens < long.input_tokens


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "resp_none", 404),
        ("DELETE", "resp_none", 404),
        ("POST", "resp_none/cancel", 404),
        ("GET", "resp_none/input_items", 404),
        ("GET", "resp_none/other", 404),
        ("PATCH", "resp_none", 405),
        ("GET", "input_tokens", 405),
        ("GET", "resp_none?stream=perhaps", 400),
    ],
)
def test_errors_have_openais_shape(gateway: Gateway, method: str, path: str, status: int) -> None:
    url = f"{gateway.url}/v1/responses/{path}"
    answer = call(url, None, gateway.headers(), method=method)
    assert answer.status == status
    error = answer.json()["error"]
    assert error.keys() >= {"message", "type", "param", "code"}
    assert call(url, None, method=method).status == 401


# ---- faults that others have met -----------------------------------------------------------------


def test_calls_are_not_forgotten_where_a_conversation_goes_on(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    """Only messages were kept there, so results of tools answered nothing:
    https://github.com/vllm-project/vllm/issues/43244. Two calls at once, twice in a row."""
    previous: str | None = None
    for round_ in range(2):
        calls = [
            answers.tool_call("get_weather", '{"city":"Oslo"}', f"call_{round_}_{at}")
            for at in range(2)
        ]
        message = answers.chat("", finish_reason="tool_calls")
        message["choices"][0]["message"]["tool_calls"] = calls
        host.script(answers.whole(message))
        made = client.responses.create(
            model="lab/m", input="And now?", tools=[WEATHER], previous_response_id=previous
        )
        asked = [item for item in made.output if item.type == "function_call"]
        host.script(answers.whole(answers.chat("Sunny.")))
        results: Any = [
            {"type": "function_call_output", "call_id": one.call_id, "output": "sunny"}
            for one in asked
        ]
        previous = client.responses.create(
            model="lab/m", input=results, tools=[WEATHER], previous_response_id=made.id
        ).id
    messages = host.requests[-1].json()["messages"]
    assert [one["role"] for one in messages] == [
        *("user", "assistant", "tool", "tool", "assistant"),
        *("user", "assistant", "tool", "tool"),
    ]
    for at in (1, 6):
        given = [one["id"] for one in messages[at]["tool_calls"]]
        assert given == [one["tool_call_id"] for one in messages[at + 1 : at + 3]]


def test_a_previous_answer_is_never_ignored(client: openai.OpenAI, host: ScriptedProvider) -> None:
    """It was dropped in silence there: https://github.com/Blaizzy/mlx-vlm/issues/1046. However it
    is spelled in JSON, it is obeyed or refused."""
    before = len(host.requests)
    body = b'{"model":"lab/m","input":"Hi.","previous_respons\\u0065_id":"resp_none"}'
    answer = call(
        f"{str(client.base_url).rstrip('/')}/responses",
        body,
        {"authorization": f"Bearer {client.api_key}"},
    )
    assert answer.status == 404
    assert len(host.requests) == before


def test_what_was_shown_can_be_sent_back_as_it_is(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    """Replayed items were refused there: https://github.com/vllm-project/vllm/issues/33089 and
    45273. Every member that was shown comes back, also those that are null, by each way."""
    thought = answers.glm("", "I must look.", "tool_calls")
    thought["choices"][0]["message"]["tool_calls"] = [answers.tool_call("get_weather", "{}")]
    host.script(answers.whole(thought))
    first = client.responses.create(model="lab/m", input="Weather?", tools=[WEATHER])
    shown: list[Any] = [item.model_dump() for item in first.output]
    listed: list[Any] = [item.model_dump() for item in client.responses.input_items.list(first.id)]
    result: Any = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
    asked = []
    for more in (
        {"input": [*listed, *shown, result]},
        {"input": [result], "previous_response_id": first.id},
        # Both at once, as a client does that is not sure: nothing is said twice.
        {"input": [*shown, result], "previous_response_id": first.id},
    ):
        host.script(answers.whole(answers.chat("Sunny.")))
        members: dict[str, Any] = {"model": "lab/m", "tools": [WEATHER], **more}
        client.responses.create(**members)
        asked.append([one["role"] for one in host.requests[-1].json()["messages"]])
    assert asked == [["user", "assistant", "tool"]] * 3
