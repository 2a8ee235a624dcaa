"""The schema in words, toward hosts of each dialect, from callers of each dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.wire.chat import CHAT_CLIENT, CHAT_PROVIDER
from glimway.wire.dialect import ClientSide, ProviderSide
from glimway.wire.messages import MESSAGES_CLIENT, MESSAGES_PROVIDER
from glimway.wire.quirks import Quirks
from glimway.wire.responses import RESPONSES_CLIENT, RESPONSES_PROVIDER
from glimway.wire.structured.words import asked_again, in_words, schema_of
from glimway.wire.talk import Call

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
FORM = {"type": "json_schema", "schema": SCHEMA}
USER = {"role": "user", "content": "Hi."}
NO_SCHEMAS = Quirks(formats=frozenset({"text", "json_object"}))

CALLS: list[tuple[ClientSide, dict[str, Any]]] = [
    (
        CHAT_CLIENT,
        {
            "messages": [{"role": "system", "content": "Be kind."}, USER],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": SCHEMA, "description": "A number."},
            },
        },
    ),
    (CHAT_CLIENT, {"messages": [USER], "response_format": {**FORM, "json_schema": {"name": "n"}}}),
    (
        RESPONSES_CLIENT,
        {"instructions": "Be kind.", "input": "Hi.", "text": {"format": {**FORM, "name": "n"}}},
    ),
    (RESPONSES_CLIENT, {"input": "Hi.", "text": {"format": {**FORM, "name": "n"}}}),
    (
        MESSAGES_CLIENT,
        {
            "max_tokens": 9,
            "system": "Be kind.",
            "messages": [USER],
            "output_config": {"format": FORM},
        },
    ),
    (
        MESSAGES_CLIENT,
        {"max_tokens": 9, "messages": [USER], "output_config": {"format": FORM}},
    ),
]


def read(side: ClientSide, body: dict[str, Any]) -> Call:
    return side.decode({"model": "m", **body}, [])


@pytest.mark.parametrize("host", [CHAT_PROVIDER, RESPONSES_PROVIDER, MESSAGES_PROVIDER])
@pytest.mark.parametrize(("side", "body"), CALLS)
def test_the_schema_stands_in_the_instructions_and_nowhere_else(
    side: ClientSide, body: dict[str, Any], host: ProviderSide
) -> None:
    call = read(side, body)
    assert call.format is not None
    worded = in_words(call, schema_of(call.format), json_mode=True)
    sent = host.encode(worded, NO_SCHEMAS, "m").body.decode()
    assert "json_schema" not in sent
    assert "JSON Schema" in sent
    told = json.loads(sent)
    heads = [one for one in told.get("messages", ()) if one["role"] == "system"]
    items = told.get("input", ())
    heads += [one for one in items if type(one) is dict and one["role"] == "system"]
    instructions = json.dumps([heads, told.get("system"), told.get("instructions")])
    assert "JSON Schema" in instructions
    if "Be kind." in json.dumps(body):
        assert "Be kind." in instructions
    assert call.format.kind == "json_schema"  # the caller's call is as it was


@pytest.mark.parametrize("host", [CHAT_PROVIDER, RESPONSES_PROVIDER, MESSAGES_PROVIDER])
@pytest.mark.parametrize(("side", "body"), CALLS)
@pytest.mark.parametrize("text", ['{"a": "x"}', ""])
def test_a_repair_says_what_was_answered_and_what_is_wrong(
    side: ClientSide, body: dict[str, Any], host: ProviderSide, text: str
) -> None:
    call = read(side, {**body, "stream": True})
    assert call.format is not None
    worded = in_words(call, schema_of(call.format), json_mode=True)
    again = asked_again(worded, text, ["a is wrong"], quick=True)
    told = json.loads(host.encode(again, NO_SCHEMAS, "m").body)
    said = told.get("messages") or told["input"]
    assert "a is wrong" in json.dumps(said[-1])
    assert ("assistant" in [one["role"] for one in said]) is bool(text)
    assert "stream" not in told
