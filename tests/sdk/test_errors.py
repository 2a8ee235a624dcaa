"""Every failure is an exception of its kind in OpenAI's library, and says what to do."""

from __future__ import annotations

import threading
from typing import Any

import openai
import pytest

from kit import answers
from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from kit.steps import Pause, WaitForClose
from seeds.setting import model, provider

HELLO: list[Any] = [{"role": "user", "content": "Hello"}]


def ask(client: openai.OpenAI, name: str = "lab/m", **members: Any) -> Any:
    return client.chat.completions.create(model=name, messages=HELLO, **members)


def check(error: openai.APIStatusError, status: int, kind: str, code: str) -> None:
    """The status, the members of the error, and the id by which the operator finds it."""
    assert error.status_code == status
    assert (error.type, error.code) == (kind, code)
    assert error.request_id
    assert error.response.headers["x-request-id"] == error.request_id
    body = error.response.json()
    assert body.keys() == {"error", "trace_id"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    assert body["trace_id"] == error.request_id


# --- ours -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"temperature": 2.5}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stream": "true"}, "stream"),
        ({"top_p": "1"}, "top_p"),
        ({"tools": {}}, "tools"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
    ],
    ids=str,
)
def test_a_wrong_field_is_a_bad_request(client: openai.OpenAI, members: Any, param: str) -> None:
    body = {"model": "lab/m", "messages": HELLO, **members}
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body=body, cast_to=object)
    check(caught.value, 400, "invalid_request_error", "invalid_value")
    assert caught.value.param == param
    assert param in caught.value.message


def test_a_missing_field_is_a_bad_request(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.post("/chat/completions", body={"model": "lab/m"}, cast_to=object)
    check(caught.value, 400, "invalid_request_error", "missing_field")
    assert caught.value.param == "messages"


def test_a_wrong_key_is_an_authentication_error(gateway: Gateway) -> None:
    last = "0" if gateway.key[-1] != "0" else "1"
    for key, hint in (("sk-other", "glim_"), (gateway.key[:-1] + last, "mistyped")):
        with (
            openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as client,
            pytest.raises(openai.AuthenticationError) as caught,
        ):
            ask(client)
        check(caught.value, 401, "authentication_error", "invalid_api_key")
        assert hint in caught.value.message
        assert key not in caught.value.message


def test_an_unknown_model_is_not_found_and_the_nearest_is_named(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, "lab/hastie")
    check(caught.value, 404, "not_found_error", "model_not_found")
    assert caught.value.param == "model"
    assert '"lab/hasty"' in caught.value.message


def test_an_unknown_path_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client.embeddings.create(model="lab/m", input="Hello")
    check(caught.value, 404, "not_found_error", "not_found")


def test_a_limit_is_a_rate_limit_error_that_says_when_to_come_back(host: ScriptedProvider) -> None:
    limits = "[limits.default]\nrequests_per_minute = 1\nburst = 2\n"
    config = [
        limits,
        provider("rack1", "openai", f"{host.url}/v1"),
        model("lab/m", "rack1", "m"),
    ]
    with (
        Gateway("".join(config)) as gateway,
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as client,
    ):
        left = []
        for _ in range(2):
            host.script(answers.whole(answers.chat()))
            raw = client.chat.completions.with_raw_response.create(model="lab/m", messages=HELLO)
            assert raw.headers["x-ratelimit-limit-requests"]
            left.append(int(raw.headers["x-ratelimit-remaining-requests"]))
        assert left == [1, 0]
        before = len(host.requests)
        with pytest.raises(openai.RateLimitError) as caught:
            ask(client)
        check(caught.value, 429, "rate_limit_error", "rate_limit_exceeded")
        assert 1 <= int(caught.value.response.headers["retry-after"]) <= 60
        assert caught.value.response.headers["x-ratelimit-remaining-requests"] == "0"
        assert len(host.requests) == before


# --- the host's -----------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_host_in_trouble_is_an_internal_server_error(
    client: openai.OpenAI, host: ScriptedProvider, status: int, *, stream: bool
) -> None:
    host.script(answers.error(status, "rack 7 burns"))
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, stream=stream)
    check(caught.value, 503, "api_error", "service_unavailable")
    assert int(caught.value.response.headers["retry-after"]) >= 1
    assert "rack 7" not in str(caught.value.response.text)


def test_a_host_s_wrong_key_is_no_matter_of_the_caller(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(answers.error(401, "Incorrect API key sk-rack1-of-the-test"))
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    check(caught.value, 503, "api_error", "service_unavailable")
    assert "sk-rack1" not in caught.value.response.text


def test_a_host_s_limit_is_a_rate_limit_error(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(answers.error(429, "slow down", {"retry-after": "7"}))
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client)
    check(caught.value, 429, "rate_limit_error", "upstream_rate_limited")
    assert caught.value.response.headers["retry-after"] == "7"


def test_what_the_host_finds_wrong_with_a_request_is_told(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    host.script(answers.error(400, "logit_bias needs token ids"))
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client)
    assert "logit_bias needs token ids" in caught.value.message
    host.script(answers.error(400, "This model's maximum context length is 8192 tokens."))
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client)
    check(caught.value, 400, "invalid_request_error", "context_length_exceeded")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_answer_that_is_none_is_an_internal_server_error(
    client: openai.OpenAI, host: ScriptedProvider, *, stream: bool
) -> None:
    steps = answers.stream([answers.DONE]) if stream else [answers.whole(b"<html>")]
    host.script(*steps)
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, stream=stream)
    check(caught.value, 502, "api_error", "upstream_error")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_host_that_is_too_slow_is_an_internal_server_error(
    client: openai.OpenAI, host: ScriptedProvider, *, stream: bool
) -> None:
    host.script(WaitForClose())
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, "lab/hasty", stream=stream)
    check(caught.value, 504, "api_error", "timeout")


def test_a_stream_that_breaks_off_is_an_error_and_no_end(
    client: openai.OpenAI, gateway: Gateway, host: ScriptedProvider
) -> None:
    begun = b"".join(answers.stream(answers.chat_frames(["Hel", "lo "]))[:4])
    host.script(begun, WaitForClose())  # the host falls silent: a deadline ends the stream
    raw = client.chat.completions.with_raw_response.create(
        model="lab/halting", messages=HELLO, stream=True
    )
    text, finishes = "", []
    with raw.parse() as chunks, pytest.raises(openai.APIError) as caught:
        for chunk in chunks:
            text += chunk.choices[0].delta.content or ""
            finishes.append(chunk.choices[0].finish_reason)
    assert text == "Hello "
    assert set(finishes) == {None}
    assert caught.value.code == "timeout"
    receipt = gateway.get(f"/v1/generations/{raw.headers['x-request-id']}").json()
    assert receipt["status"] == "incomplete"
    assert receipt["end"] == "timeout"


# --- the caller's ---------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_caller_that_waits_no_longer_has_a_timeout_and_the_host_is_let_go(
    client: openai.OpenAI, host: ScriptedProvider, *, stream: bool
) -> None:
    before = len(host.requests)
    host.script(WaitForClose())
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=openai.Timeout(20, read=0.5)), stream=stream)
    host.wait_for_requests(before + 1)
    host.wait_for_leave(host.requests[-1])


def test_a_caller_that_leaves_a_stream_lets_the_host_go(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    steps = answers.stream(answers.chat_frames(["Hel", "lo "]))
    host.script(*steps[:3], WaitForClose())
    chunks = ask(client, stream=True)
    assert next(chunks).choices[0].delta.role == "assistant"
    chunks.close()
    host.wait_for_leave(host.requests[-1])


def test_the_first_words_come_before_the_last_are_said(
    client: openai.OpenAI, host: ScriptedProvider
) -> None:
    heard = threading.Event()
    head, role, first, *rest = answers.stream(answers.chat_frames(["Hello", " there."]))
    host.script(head, role, first, Pause(heard), *rest)
    text = ""
    with ask(client, stream=True) as chunks:
        for chunk in chunks:
            text += chunk.choices[0].delta.content or ""
            if text:
                heard.set()
    assert text == "Hello there."
