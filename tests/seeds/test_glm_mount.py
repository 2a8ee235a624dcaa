"""The mount ``/glm`` with the programs of AceData's page: Python, Node and Java."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from kit import answers
from kit.gateway import Gateway
from kit.http import Client, Response
from kit.provider import ScriptedProvider
from sandbox.stage import Stage
from seeds.frames import Json, Streamed, frames_of, frames_of_lines, read
from seeds.running import printed, run

PATH = "/glm/chat/completions"
HELLO: list[Json] = [{"role": "user", "content": "Hello"}]


def answered(text: str, model: str = "glm-4.5-air") -> Json:
    """A whole answer as AceData's page shows it, with its shape checked; its only choice."""
    answer = json.loads(text)
    assert {"id", "model", "object", "created", "choices", "usage"} <= answer.keys()
    assert (answer["object"], answer["model"]) == ("chat.completion", model)
    assert {"prompt_tokens", "completion_tokens", "total_tokens"} <= answer["usage"].keys()
    (choice,) = answer["choices"]
    assert choice["message"]["role"] == "assistant"
    checked: Json = choice
    return checked


def streamed(frames: list[Json]) -> Streamed:
    """A streamed answer to "hi"; usage is in its last frame, unasked, and null before."""
    answer = read(frames, "glm-4.5-air", usage="last")
    assert answer.finish == "stop"
    assert answer.text.startswith("Hello!")
    assert answer.usage is not None
    assert answer.usage["total_tokens"] > answer.usage["completion_tokens"] > 0
    return answer


def refused(response: Response, status: int, code: str) -> str:
    """The message of an error in AceData's shape, which is checked."""
    assert response.status == status
    assert response.header("content-type") == "application/json"
    body = response.json()
    assert body.keys() == {"trace_id", "error"}
    assert body["error"].keys() == {"code", "message"}
    assert body["trace_id"] == response.header("x-request-id")
    assert body["error"]["code"] == code
    message: str = body["error"]["message"]
    return message


# --- programs -------------------------------------------------------------------------------------


def test_python_a_whole_answer(gateway: Gateway) -> None:
    choice = answered(printed("acedata-whole.py", gateway))
    assert choice["message"]["content"].startswith("Hello!")
    assert choice["finish_reason"] == "stop"


def test_python_a_stream(gateway: Gateway) -> None:
    streamed(frames_of_lines(printed("acedata-stream.py", gateway)))


def test_node_a_stream(gateway: Gateway) -> None:
    streamed(frames_of(printed("acedata-stream.mjs", gateway)))


def test_java_a_stream(gateway: Gateway) -> None:
    """What the page's Java program sends, byte by byte, and how it reads.

    OkHttp writes the request's own headers first. The added ``content-type`` is not among them:
    the body's media type takes its place, and stands where OkHttp puts its own headers. The body
    is org.json's text, in the order of its hash map. Everything leaves in one write.
    Source: github.com/square/okhttp, BridgeInterceptor and Http1ExchangeCodec.
    """
    body = b'{"stream":true,"messages":[{"role":"user","content":"hi"}],"model":"glm-4.5-air"}'
    head = (
        f"POST {PATH} HTTP/1.1\r\n"
        "accept: application/json\r\n"
        f"authorization: Bearer {gateway.key}\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Host: {urlsplit(gateway.url).netloc}\r\n"
        "Connection: Keep-Alive\r\n"
        "Accept-Encoding: gzip\r\n"
        "User-Agent: okhttp/4.12.0\r\n"
        "\r\n"
    )
    with gateway.client() as client:
        for _ in range(2):  # its pool keeps the connection for the next call
            client.send(head.encode() + body)
            response = client.read_response()
            assert response.status == 200
            assert response.header("content-type") == "text/event-stream; charset=utf-8"
            assert response.header("content-encoding") is None
            assert response.header("connection") is None
            streamed(frames_of(response.body.decode()))


def test_python_several_turns(gateway: Gateway, hosts: Stage) -> None:
    choice = answered(printed("acedata-turns.py", gateway))
    assert "What did I say just now?" in choice["message"]["content"]
    sent = json.loads(hosts.sandbox.seen[-1].body)
    assert sent["messages"] == [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi! How can I assist you today?"},
        {"role": "user", "content": "What did I say just now?"},
    ]
    assert sent.keys() == {"model", "messages"}, "nothing is added that was not sent"


def test_python_a_system_prompt(gateway: Gateway, hosts: Stage) -> None:
    choice = answered(printed("acedata-system.py", gateway), "glm-4.7")
    assert "introduce the GLM model" in choice["message"]["content"]
    first, _ = json.loads(hosts.sandbox.seen[-1].body)["messages"]
    assert first["role"] == "system"
    assert first["content"].startswith("You are a senior Chinese writing assistant")


def test_python_a_tool_is_called(gateway: Gateway) -> None:
    choice = answered(printed("acedata-tools.py", gateway), "glm-4.7")
    assert choice["finish_reason"] == "tool_calls"
    (call,) = choice["message"]["tool_calls"]
    assert call["type"] == "function"
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "Beijing"}


def test_python_without_a_good_key_is_told_so(gateway: Gateway) -> None:
    done = run("acedata-whole.py", gateway, key="wrong")
    assert json.loads(done.stdout)["error"]["code"] == "invalid_token"


# --- the loop of tools ----------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_tool_s_result_leads_to_an_answer(gateway: Gateway, *, stream: bool) -> None:
    function = {"name": "get_weather", "parameters": {"properties": {"city": {"type": "string"}}}}
    messages: list[Json] = [{"role": "user", "content": "What is the weather like in Beijing?"}]
    body = {
        "model": "glm-4.7",
        "messages": messages,
        "tools": [{"type": "function", "function": function}],
        "stream": stream,
    }
    asked = _message(gateway, body, stream=stream)
    (call,) = asked["tool_calls"]
    messages.append(asked)
    messages.append({"role": "tool", "tool_call_id": call["id"], "content": "Sunny, 21 °C"})
    answer = _message(gateway, body, stream=stream)
    assert "Sunny, 21 °C" in answer["content"]
    assert not answer.get("tool_calls")


def _message(gateway: Gateway, body: Json, *, stream: bool) -> Json:
    response = gateway.post(PATH, body)
    if not stream:
        message: Json = response.json()["choices"][0]["message"]
        return message
    answer = read(frames_of(response.body.decode()), body["model"], usage="last")
    calls = [{"id": call.pop("id"), "type": "function", "function": call} for call in answer.calls]
    assert answer.finish == ("tool_calls" if calls else "stop")
    return {
        "role": "assistant",
        "content": answer.text or None,
        **({"tool_calls": calls} if calls else {}),
    }


# --- models and members ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model", ["glm-5.1", "glm-4.7", "glm-4.6", "glm-4.5-air", "glm-3-turbo", "GLM_4.5_Air"]
)
def test_every_model_of_the_page_answers_under_its_name(gateway: Gateway, model: str) -> None:
    answered(gateway.post(PATH, {"model": model, "messages": HELLO}).body.decode(), model)


@pytest.mark.parametrize(
    "members",
    [
        {"max_tokens": 20},
        {"temperature": 2},
        {"temperature": 0},
        {"top_p": 0.7},
        {"n": 1},
        {"stop": "!"},
        {"stop": ["!", "?"]},
        {"stream": False},
        {"stream": None},
    ],
    ids=str,
)
def test_every_optional_parameter_of_the_page_is_taken(gateway: Gateway, members: Json) -> None:
    body = {"model": "glm-4.5-air", "messages": HELLO, **members}
    answered(gateway.post(PATH, body).body.decode())


def test_usage_asked_for_comes_once(gateway: Gateway) -> None:
    hi = [{"role": "user", "content": "hi"}]
    body = {"model": "glm-4.5-air", "messages": hi, "stream": True}
    for asked in (True, False):
        options = {"stream_options": {"include_usage": asked}}
        streamed(frames_of(gateway.post(PATH, body | options).body.decode()))


# --- errors ---------------------------------------------------------------------------------------

WRONG: dict[str, tuple[Any, str]] = {
    "no JSON": (b'{"model": ', "JSON"),
    "no object": ([], "object"),
    "no model": ({"messages": HELLO}, "'model'"),
    "no messages": ({"model": "glm-4.5-air"}, "'messages'"),
    "a role that is none": (
        {"model": "glm-4.5-air", "messages": [{"role": "robot", "content": "hi"}]},
        "messages[0].role",
    ),
    "too warm": (
        {"model": "glm-4.5-air", "messages": HELLO, "temperature": 2.1},
        "'temperature': 2.1",
    ),
    "a string for a boolean": (
        {"model": "glm-4.5-air", "messages": HELLO, "stream": "true"},
        "send the boolean true",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_request_is_token_mismatched(gateway: Gateway, case: str) -> None:
    body, named = WRONG[case]
    message = refused(gateway.post(PATH, body), 400, "token_mismatched")
    assert named in message


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer {token}", "Basic dXNlcjpwYXNz", "Bearer glim_a_b"]
)
def test_a_missing_or_wrong_key_is_an_invalid_token(gateway: Gateway, authorization: str) -> None:
    body = {"model": "glm-4.5-air", "messages": HELLO}
    refused(gateway.post(PATH, body, {"authorization": authorization}), 401, "invalid_token")


def test_no_authorization_at_all_is_an_invalid_token(gateway: Gateway) -> None:
    with Client(gateway.url) as client:
        client.post_json(PATH, {"model": "glm-4.5-air", "messages": HELLO})
        refused(client.read_response(), 401, "invalid_token")


def test_an_unknown_model_is_not_implemented_and_the_nearest_are_named(gateway: Gateway) -> None:
    body = {"model": "lab/flasch", "messages": HELLO, "stream": True}
    message = refused(gateway.post(PATH, body), 404, "api_not_implemented")
    assert '"lab/flasch"' in message
    assert '"lab/flash"' in message


def test_another_path_of_the_mount_is_answered_in_its_shape(gateway: Gateway) -> None:
    refused(gateway.post("/glm/images", {}), 404, "api_not_implemented")
    refused(gateway.get(PATH), 405, "api_not_implemented")


def test_too_many_requests_are_told_when_to_come_back(gateway: Gateway) -> None:
    limits = ("--requests-per-minute", "1", "--burst", "1")
    key = gateway.command_json("keys", "create", "--name", "slow", *limits)["key"]
    bearer = {"authorization": f"Bearer {key}"}
    body = {"model": "glm-4.5-air", "messages": HELLO}
    first, second = (_when_known(gateway, body, bearer) for _ in range(2))
    assert first.status == 200
    refused(second, 429, "too_many_requests")
    assert int(second.header("retry-after") or "") >= 1


def _when_known(gateway: Gateway, body: Json, headers: dict[str, str]) -> Response:
    """Ask until the running server has seen the key, which may take 250 ms."""
    while True:
        response = gateway.post(PATH, body, headers)
        if response.status != 401:
            return response


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_host_that_is_away_is_an_api_error(
    gateway: Gateway, odd: ScriptedProvider, *, stream: bool
) -> None:
    body = {"model": "lab/odd", "messages": HELLO, "stream": stream}
    odd.script(answers.error(503, "no machine free in rack 7"))
    response = gateway.post(PATH, body)
    message = refused(response, 500, "api_error")
    assert message == "Service is temporarily unavailable, please retry later."
    assert b"rack 7" not in response.body
