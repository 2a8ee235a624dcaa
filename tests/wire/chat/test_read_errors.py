"""Errors of hosts: bodies, codes, and errors where an answer was due."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.data import load_profiles
from glimway.wire.chat.errors import LONG_RETRY_S, RETRY_AFTER_S_MAX, read_error
from glimway.wire.chat.read import Reader
from glimway.wire.events import Declined, Text
from glimway.wire.quirks import Errors, Meaning, Quirks
from glimway.wire.refusal import Fault
from wire.chat.grammar import Clean
from wire.chat.replies import DONE, answer, chunk, event, sse, text, thought, told, told_whole

ZAI = load_profiles()["zai"].quirks
PLAIN = Quirks()
LATER = "Wed, 21 Oct 2026 07:28:00 GMT"
OVERLOAD = {"error": {"code": "1305", "message": "The service is overloaded."}}


def fault(status: int, body: Any, quirks: Quirks = PLAIN, **headers: str) -> Fault:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    pairs = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    return read_error(status, pairs, data, quirks)


BODIES: dict[str, Any] = {
    "openai, vllm": {"error": {"message": "why", "type": "bad", "param": None, "code": 400}},
    "z.ai": {"error": {"code": "400", "message": "why"}},
    "flat": {"code": "400", "message": "why"},
    "flat, msg": {"code": 400, "msg": "why", "success": False},
    "sglang": {"object": "error", "message": "why", "type": "bad", "param": None, "code": 400},
    "openrouter": {"error": {"code": 400, "message": "why", "metadata": {"raw": "x"}}},
    "acedata": {"trace_id": "t", "error": {"code": "400", "message": "why"}},
    "text": {"error": "why", "code": 400},
    "fastapi": {"detail": "why", "code": 400},
    "anthropic surface": {"error": {"code": "400", "message": "why"}, "request_id": ""},
    "list": [{"error": {"code": 400, "message": "why"}}],
    "errors": {"success": False, "errors": [{"code": 400, "message": "why"}]},
}


@pytest.mark.parametrize("shape", BODIES)
def test_every_error_body_is_read(shape: str) -> None:
    """Source of the shapes: data/providers; github.com/charmbracelet/crush/issues/1237 (flat),
    github.com/zed-industries/zed/issues/45704 (with request_id)."""
    found = fault(400, BODIES[shape])
    assert (found.kind, found.code, found.message, found.status) == ("rejected", "400", "why", 400)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"plain words", "plain words"),
        (b"", None),
        (b"<html><body>502 Bad Gateway</body></html>", None),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ({"detail": [{"loc": ["body"], "msg": "bad"}]}, '[{"loc":["body"],"msg":"bad"}]'),
        ({"error": {"message": {"a": 1}}}, '{"message":{"a":1}}'),
        (7, None),
        ({}, None),
    ],
)
def test_bodies_that_are_no_error_objects(body: Any, message: str | None) -> None:
    found = fault(502, body)
    assert (found.kind, found.message) == ("overloaded", message)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "rejected"),
        (401, "auth"),
        (402, "quota"),
        (403, "auth"),
        (404, "rejected"),
        (408, "timeout"),
        (418, "rejected"),
        (422, "rejected"),
        (425, "overloaded"),
        (429, "rate_limited"),
        (500, "overloaded"),
        (504, "timeout"),
        (529, "overloaded"),
        (599, "overloaded"),
        (302, "broken"),
    ],
)
def test_a_status_speaks_for_itself(status: int, kind: str) -> None:
    assert fault(status, {"error": {"message": "m"}}).kind == kind


@pytest.mark.parametrize(
    ("code", "kind", "refusal"),
    [
        ("1302", "rate_limited", None),
        ("1305", "overloaded", None),
        ("1113", "quota", None),
        ("1308", "quota", None),
        ("1261", "rejected", "context_too_long"),
        ("1301", "rejected", "content_filter"),
        ("1210", "rejected", None),
        ("1000", "auth", None),
        ("1234", "overloaded", None),
    ],
)
@pytest.mark.parametrize("numeric", [False, True])
def test_z_ais_codes_win_over_the_status(
    code: str, kind: str, refusal: str | None, numeric: bool
) -> None:
    """docs.z.ai/api-reference/api-code: most come with 429 or 400."""
    given = int(code) if numeric else code
    for status in (429, 400, 200):
        found = fault(status, {"error": {"code": given, "message": "m"}}, ZAI)
        assert (found.kind, found.refusal, found.code) == (kind, refusal, code)


TABLES = Quirks(
    errors=Errors(
        code=("why.kind",),
        message=("why.text", "note"),
        codes={"slow": Meaning(fault="overloaded", retry="long")},
        statuses={"470": Meaning(fault="quota"), "429": Meaning(refusal="content_filter")},
        phrases={"too hot": Meaning(fault="timeout"), "way too long": Meaning(refusal="invalid")},
    )
)


@pytest.mark.parametrize(
    ("status", "body", "kind", "refusal"),
    [
        (400, {"why": {"kind": "slow", "text": "t"}}, "overloaded", None),
        (470, {"why": {"kind": "other"}}, "quota", None),
        (470, {"why": {"kind": "slow"}}, "overloaded", None),
        (429, {}, "rejected", "content_filter"),
        (400, {"note": "It is TOO HOT here"}, "timeout", None),
        (400, {"note": "way too long"}, "rejected", "invalid"),
        (400, {"note": "nothing known"}, "rejected", None),
        (400, {"why": "text"}, "rejected", None),
    ],
)
def test_a_hosts_own_paths_and_tables(
    status: int, body: Any, kind: str, refusal: str | None
) -> None:
    found = fault(status, body, TABLES)
    assert (found.kind, found.refusal) == (kind, refusal)


def test_a_long_overload_says_when_to_come_back() -> None:
    assert fault(429, OVERLOAD, ZAI).retry_after_s == LONG_RETRY_S
    assert fault(429, OVERLOAD, ZAI, retry_after="2").retry_after_s == 2
    assert fault(429, OVERLOAD).retry_after_s is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "2"}, 2.0),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after": LATER}, None),  # by whose clock?
        ({"retry_after": LATER, "date": "Wed, 21 Oct 2026 07:27:15 GMT"}, 45.0),
        ({"date": "Tue, 20 Oct 2026 07:28:00 GMT", "retry_after": LATER}, RETRY_AFTER_S_MAX),
        ({"retry_after": LATER, "date": "Wed, 21 Oct 2026 08:00:00 GMT"}, None),
        ({"retry_after": "soon", "retry_after_ms": "1500"}, 1.5),
        ({"retry_after": "Wed, 99 Oct 2026 07:28:00 GMT", "date": LATER}, None),
        ({"retry_after": f"Wed, 1 Oct {10**30} 07:28:00 GMT", "date": LATER}, None),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "1e9"}, RETRY_AFTER_S_MAX),
        ({"x": "1"}, None),
    ],
)
def test_retry_after(headers: dict[str, Any], seconds: float | None) -> None:
    assert fault(429, {}, **headers).retry_after_s == seconds


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 131072 tokens",
        "Input exceeds the context window",
        "prompt is too long: 1 > 0",
    ],
)
def test_too_long_is_said_in_many_words(message: str) -> None:
    assert fault(400, {"error": {"message": message}}).refusal == "context_too_long"
    assert fault(500, {"error": {"message": message}}).refusal is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("insufficient_quota", "quota"),
        ("rate_limit_exceeded", "rate_limited"),
        ("overloaded_error", "overloaded"),
        ("InternalServerError", "overloaded"),
        ("invalid_api_key", "auth"),
        ("BadRequestError", "rejected"),
        (429, "rate_limited"),
        ("503", "overloaded"),
        ("something_else", "broken"),
        (None, "broken"),
    ],
)
def test_an_error_without_a_status_speaks_by_its_code(code: Any, kind: str) -> None:
    body = {"error": {"code": code, "message": "m"}}
    for found in (told(sse(body)).fault, told_whole(json.dumps(body).encode()).fault):
        assert found is not None
        assert found.kind == kind


def test_a_spent_account_behind_429_is_no_rate_limit() -> None:
    assert fault(429, {"error": {"code": "insufficient_quota", "message": "m"}}).kind == "quota"


@pytest.mark.parametrize(
    "said",
    [
        event(OVERLOAD),
        b"event: error\n" + event(OVERLOAD),
        b"event: error\n" + event({"code": "1305", "message": "m"}),
        event({"code": "1305", "message": "m"}),
        event({**chunk({"content": ""}, "error"), **OVERLOAD}),
        event({**OVERLOAD, "choices": None}),
        b"data: " + json.dumps(text("a")).encode() + json.dumps(OVERLOAD).encode() + b"\n\n",
    ],
)
@pytest.mark.parametrize("before", [[], [text("Hel")], [thought("Hm")]], ids=len)
def test_an_error_frame_ends_the_stream(said: bytes, before: list[Any]) -> None:
    """docs.z.ai SDKs (``error`` member, ``event: error``); openrouter.ai/docs (errors in streams:
    ``error`` beside finish_reason ``error``)."""
    found = told(sse(*before, end=b"") + said + sse(text("lo")), ZAI)
    assert found.fault is not None
    assert (found.fault.kind, found.fault.code) == ("overloaded", "1305")
    assert "lo" not in found.text
    assert Clean(found.written).failed


def test_an_error_event_whose_data_are_no_json() -> None:
    found = told(b"event: error\ndata: went away\n\n" + DONE)
    assert found.fault is not None
    assert "went away" in found.fault.detail


@pytest.mark.parametrize("body", [OVERLOAD, {"code": "1305", "message": "m"}])
def test_an_error_inside_a_200(body: Any) -> None:
    """github.com/zhushanwen321/llm-simple-router/pull/95: 200 and code 1305."""
    found = told_whole(json.dumps(body).encode(), ZAI).fault
    assert found is not None
    assert (found.kind, found.retry_after_s) == ("overloaded", LONG_RETRY_S)


def test_a_null_error_member_is_none() -> None:
    assert told(sse(text("a", error=None), chunk({}, "stop", error=None))).text == "a"
    assert told_whole(answer({"content": "a"}, error=None)).text == "a"


FINISHES = {
    "stop": "stop",
    "STOP": "stop",
    "eos": "stop",
    "length": "length",
    "sensitive": "content_filter",
    "content_filter": "content_filter",
    "model_context_window_exceeded": "context",
    "never heard of": "stop",
}


@pytest.mark.parametrize("word", FINISHES)
def test_finish_reasons(word: str) -> None:
    """docs.z.ai: sensitive, network_error and model_context_window_exceeded are Z.ai's own."""
    assert told(sse(text("a"), chunk({}, word))).finish == FINISHES[word]
    assert told_whole(answer({"content": "a"}, word)).finish == FINISHES[word]
    public = {"context": "length"}.get(FINISHES[word], FINISHES[word])
    assert Clean(told(sse(text("a"), chunk({}, word))).written).finish == {0: public}


@pytest.mark.parametrize("word", ["network_error", "error", "abort"])
def test_finish_reasons_that_are_faults(word: str) -> None:
    found = told(sse(text("a"), chunk({}, word)))
    assert found.fault is not None
    assert found.text == "a"
    assert Clean(found.written).failed
    assert told_whole(answer({"content": "a"}, word)).fault is not None


def test_a_hosts_own_finish_reasons() -> None:
    """Profiles map words beyond the codec's list, and win over it."""
    quirks = Quirks(finish_reasons={"enough": "length", "stop": "content_filter"})
    assert told(sse(text("a"), chunk({}, "enough")), quirks).finish == "length"
    assert told_whole(answer({"content": "a"}, "stop"), quirks).finish == "content_filter"


def test_an_empty_finish_reason_is_none() -> None:
    assert told(sse(text("a"), chunk({"content": "b"}, ""), chunk({}, "stop"))).text == "ab"


def test_an_error_of_another_parser() -> None:
    """github.com/ollama/ollama/issues/13820 (``<tool_call> closed by </arg_key>``) and
    github.com/pwilkin/llama.cpp/issues/5 (500 in mid-stream) come as error frames."""
    broken = {"error": {"code": 500, "message": "element <tool_call> closed by </arg_key>"}}
    found = told(sse(text("a"), broken)).fault
    assert found is not None
    assert found.kind == "overloaded"


def test_a_refusal_in_words_comes_behind_the_text_that_was_held_back() -> None:
    """What could be the beginning of a mark (``<``) waits for what follows, and that may be no
    text."""
    frames = [text("a <"), chunk({"refusal": "no"}), chunk({}, "stop")]
    reader = Reader(PLAIN, "stem")
    found = [one for frame in reader.feed(sse(*frames)) for one in frame]
    said = [one for one in found if isinstance(one, Text | Declined)]
    assert "".join(one.text for one in said) == "a <no"
    assert isinstance(said[-1], Declined)
