from __future__ import annotations

import base64
from typing import Any

import pytest

from glimway.wire.messages import MESSAGES_CLIENT
from glimway.wire.messages.counting import PATH, count_body, decode_count
from glimway.wire.messages.request import BETAS, decode
from glimway.wire.talk import (
    CallPart,
    FilePart,
    Format,
    ImagePart,
    OpaquePart,
    ResultPart,
    TextPart,
    ThoughtPart,
    Tool,
    ToolChoice,
    Turn,
)
from wire.messages.making import HELLO, body, read, seal, unseal

TINY = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}


def said(content: Any, role: str = "user") -> list[Turn]:
    return read(messages=[{"role": role, "content": content}]).turns


def part(block: dict[str, Any], role: str = "user") -> Any:
    ((one,),) = (turn.parts for turn in said([block], role))
    return one


def test_a_plain_request() -> None:
    call = read(temperature=0.5, top_p=0.9, top_k=7, stop_sequences=["END"], stream=True)
    assert call.dialect == "messages"
    assert (call.model, call.max_tokens, call.stream) == ("m", 64, True)
    assert (call.temperature, call.top_p, call.stop) == (0.5, 0.9, ["END"])
    assert call.extra == {"top_k": 7}
    assert call.turns == [Turn("user", [TextPart("Hello")])]


def test_the_side_toward_clients() -> None:
    assert (MESSAGES_CLIENT.name, MESSAGES_CLIENT.path) == ("messages", "/messages")
    assert MESSAGES_CLIENT.id_prefix == "msg_"
    assert MESSAGES_CLIENT.decode(body(), []).model == "m"


def test_no_version_is_needed_and_every_one_is_read_alike() -> None:
    plain = decode(body(temperature=0.3), [])
    for version in (b"2023-06-01", b"2026-10-21", b"2040-01-01", b""):
        assert decode(body(temperature=0.3), [(b"anthropic-version", version)]) == plain


def test_betas_are_kept_for_hosts_of_this_dialect() -> None:
    headers = [(b"anthropic-beta", b"a-2025,b-2026"), (b"x", b"y"), (b"anthropic-beta", b"c")]
    assert decode(body(), headers).spelled[BETAS] == "a-2025,b-2026,c"


# ---- system ---------------------------------------------------------------------------------


def test_system_is_a_turn_before_all_others() -> None:
    assert read(system="Be brief.").turns[0] == Turn("system", [TextPart("Be brief.")])
    marked = {"type": "text", "text": "B", "cache_control": {"type": "ephemeral"}}
    call = read(system=[{"type": "text", "text": "A"}, marked])
    extra = {"cache_control": {"type": "ephemeral"}}
    assert call.turns[0] == Turn("system", [TextPart("A"), TextPart("B", extra)], "parts")
    assert [turn.role for turn in call.turns] == ["system", "user"]


def test_a_billing_header_is_for_hosts_of_this_dialect_only() -> None:
    line = "x-anthropic-billing-header: cc_version=2.1; cch=00000;"
    block = {"type": "text", "text": line}
    call = read(system=[block, {"type": "text", "text": "A"}])
    assert call.turns[0].parts == [OpaquePart(block, "messages", taken=True), TextPart("A")]
    call = read(system=f"{line}\nA\nB")
    assert call.turns[0].parts[1:] == [TextPart("A\nB")]
    call = read(system=line)
    assert len(call.turns[0].parts) == 1


def test_instructions_amid_a_conversation_stay_in_place() -> None:
    call = read(
        messages=[
            {"role": "user", "content": "Hi"},
            {"role": "system", "content": "Now in French."},
            {"role": "assistant", "content": "Oui"},
        ]
    )
    assert [turn.role for turn in call.turns] == ["user", "system", "assistant"]
    assert "system" not in call.spelled


def test_tools_that_come_amid_a_conversation_are_declared() -> None:
    late = {"name": "late", "input_schema": {"type": "object"}}
    change = {"type": "tool_definition", "definition": late}
    blocks = [{"type": "tool_addition", "tool": change}, {"type": "text", "text": "A new tool."}]
    call = read(messages=[*HELLO, {"role": "system", "content": blocks}])
    assert [tool.name for tool in call.tools] == ["late"]


# ---- blocks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "text", "text": "x"}, TextPart("x")),
        (
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}},
            TextPart("x", {"cache_control": {"type": "ephemeral"}}),
        ),
        ({"type": "image", "source": TINY}, ImagePart("data:image/png;base64,iVBORw0KGgo=")),
        (
            {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}},
            ImagePart("https://a/b.png"),
        ),
        (
            {"type": "later_invention", "x": 1},
            OpaquePart({"type": "later_invention", "x": 1}, "messages"),
        ),
        (
            {"type": "image", "source": {"type": "file", "file_id": "f"}},
            OpaquePart({"type": "image", "source": {"type": "file", "file_id": "f"}}, "messages"),
        ),
    ],
)
def test_blocks_of_the_user(block: dict[str, Any], expected: object) -> None:
    assert part(block) == expected


def test_documents() -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    block = {"type": "document", "source": source, "title": "a.pdf"}
    url = "data:application/pdf;base64,JVBERi0="
    assert part(block) == FilePart("file", block, "messages", url=url, filename="a.pdf")
    block = {"type": "document", "source": {"type": "url", "url": "https://a/b.pdf"}}
    assert part(block) == FilePart("file", block, "messages", url="https://a/b.pdf")
    block = {"type": "document", "source": {"type": "file", "file_id": "f"}}
    assert part(block) == FilePart("file", block, "messages")


@pytest.mark.parametrize(
    "source",
    [
        {"type": "text", "media_type": "text/plain", "data": "words"},
        {"type": "content", "content": "words"},
        {"type": "content", "content": [{"type": "text", "text": "words"}]},
        {
            "type": "base64",
            "media_type": "text/plain",
            "data": base64.b64encode(b"words").decode(),
        },
    ],
)
def test_documents_of_text_are_text_for_every_model(source: dict[str, Any]) -> None:
    one = part({"type": "document", "source": source, "title": "Notes", "context": "Old"})
    assert type(one) is TextPart
    assert one.text == "Notes\n\nOld\n\nwords"


def test_search_results_are_text_for_every_model() -> None:
    content = [{"type": "text", "text": "A"}, {"type": "text", "text": "B"}]
    one = part({"type": "search_result", "source": "s", "title": "t", "content": content})
    assert one.text == "Title: t\nSource: s\nContent: A\n\nB"


def test_what_the_assistant_said() -> None:
    turns = said(
        [
            {"type": "thinking", "thinking": "Hm", "signature": "sig"},
            {"type": "text", "text": "Let me look."},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1]}},
            {"type": "thinking", "thinking": "And", "signature": "sig2"},
            {"type": "redacted_thinking", "data": "enc"},
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
        ],
        "assistant",
    )
    (turn,) = turns
    assert turn.parts[:5] == [
        ThoughtPart("Hm", "thinking", "sig"),
        TextPart("Let me look."),
        CallPart("toolu_1", "f", '{"a":[1]}'),
        ThoughtPart("And", "thinking", "sig2"),
        ThoughtPart("", "redacted_thinking", sealed="enc"),
    ]
    assert type(turn.parts[5]) is OpaquePart


def test_each_result_is_a_turn_of_its_own() -> None:
    turns = said(
        [
            {"type": "text", "text": "Here:"},
            {"type": "tool_result", "tool_use_id": "a", "content": "1"},
            {
                "type": "tool_result",
                "tool_use_id": "b",
                "content": [{"type": "text", "text": "2"}, {"type": "image", "source": TINY}],
                "is_error": True,
            },
            {"type": "tool_result", "tool_use_id": "c"},
            {"type": "text", "text": "Go on."},
        ]
    )
    assert [(turn.role, turn.joined) for turn in turns] == [
        ("user", False),
        ("tool", True),
        ("tool", True),
        ("tool", True),
        ("user", True),
    ]
    assert turns[1].parts == [ResultPart("a", [TextPart("1")])]
    failed = turns[2].parts[0]
    assert type(failed) is ResultPart
    assert (failed.is_error, failed.form, len(failed.content)) == (True, "parts", 2)
    assert turns[3].parts == [ResultPart("c", [], "absent")]


# ---- tools ----------------------------------------------------------------------------------

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}


def test_client_tools() -> None:
    marks = {"cache_control": {"type": "ephemeral"}, "type": "custom"}
    call = read(tools=[{"name": "f", "description": "F", "input_schema": SCHEMA, **marks}])
    assert call.tools == [Tool("function", "f", "F", SCHEMA, extra=marks)]
    call = read(tools=[{"name": "f", "input_schema": SCHEMA, "strict": True}])
    assert call.tools == [Tool("function", "f", None, SCHEMA, True)]


def test_tools_that_a_host_runs_travel_whole() -> None:
    item = {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
    (tool,) = read(tools=[item]).tools
    assert (tool.kind, tool.name, tool.value) == ("web_search_20250305", "web_search", item)
    assert tool.parameters is None


@pytest.mark.parametrize(
    ("kind", "name", "member"),
    [
        ("bash_20250124", "bash", "command"),
        ("text_editor_20250728", "str_replace_based_edit_tool", "old_str"),
        ("memory_20250818", "memory", "old_path"),
    ],
)
def test_typed_tools_that_the_client_runs_have_a_schema(kind: str, name: str, member: str) -> None:
    (tool,) = read(tools=[{"type": kind, "name": name}]).tools
    assert tool.description
    assert member in tool.parameters["properties"]


@pytest.mark.parametrize(
    ("value", "choice", "parallel"),
    [
        ({"type": "auto"}, ToolChoice("auto"), None),
        ({"type": "any"}, ToolChoice("required"), None),
        ({"type": "none"}, ToolChoice("none"), None),
        ({"type": "tool", "name": "f"}, ToolChoice("named", ("f",)), None),
        ({"type": "auto", "disable_parallel_tool_use": True}, ToolChoice("auto"), False),
        ({"type": "any", "disable_parallel_tool_use": False}, ToolChoice("required"), True),
    ],
)
def test_tool_choice(value: dict[str, Any], choice: ToolChoice, parallel: bool | None) -> None:
    call = read(tools=[{"name": "f", "input_schema": {}}], tool_choice=value)
    assert (call.tool_choice, call.parallel_tool_calls) == (choice, parallel)


# ---- thinking and the answer's form ---------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "on", "effort", "budget"),
    [
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, True, None, 2048),
        ({"thinking": {"type": "disabled"}}, False, None, None),
        ({"thinking": {"type": "adaptive"}}, True, None, None),
        (
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "xhigh"}},
            True,
            "xhigh",
            None,
        ),
        ({"output_config": {"effort": "low"}}, None, "low", None),
        (
            {"thinking": {"type": "disabled"}, "output_config": {"effort": "max"}},
            False,
            "max",
            None,
        ),
    ],
)
def test_thinking(
    members: dict[str, Any], on: bool | None, effort: str | None, budget: int | None
) -> None:
    knob = read(**members).thinking
    assert knob is not None
    assert (knob.on, knob.effort, knob.budget_tokens) == (on, effort, budget)


def test_nothing_said_of_thinking_is_nothing_asked() -> None:
    assert read().thinking is None
    assert read(output_config={}).thinking is None


def test_the_form_of_the_answer_by_both_names() -> None:
    form = {"type": "json_schema", "schema": SCHEMA}
    expected = Format("json_schema", schema=SCHEMA)
    assert read(output_config={"format": form}).format == expected
    assert read(output_format=form).format == expected


# ---- the rest -------------------------------------------------------------------------------


def test_members_that_mean_the_same_elsewhere() -> None:
    call = read(metadata={"user_id": '{"device":"d"}'}, service_tier="standard_only", top_k=3)
    assert call.user == '{"device":"d"}'
    assert call.extra == {"service_tier": "default", "top_k": 3}
    assert read(service_tier="auto").extra == {"service_tier": "auto"}


def test_what_nobody_knows_is_kept() -> None:
    management = {"edits": [{"type": "clear_thinking_20251015"}]}
    call = read(context_management=management, x_new={"a": 1})
    assert call.extra == {"context_management": management, "x_new": {"a": 1}}


def test_preferences() -> None:
    call = read(
        provider={"order": ["a"]},
        providerOptions={"gateway": {"only": ["b"], "order": ["c"]}},
        models=["n", "o"],
        extra_body={"top_k": 3},
    )
    assert call.preferences == {"only": ["b"], "order": ["a"]}
    assert call.fallback_models == ["n", "o"]
    assert call.extra == {"top_k": 3}


def test_zero_tokens_fill_a_cache() -> None:
    assert read(max_tokens=0).max_tokens == 0


def test_an_unsealed_signature_has_its_maker() -> None:
    token = "gw1." + seal('{"signature":"theirs","model":"glm-4.7"}')
    block = {"type": "thinking", "thinking": "Hm", "signature": token}
    message = {"role": "assistant", "content": [block]}
    call = decode(body(messages=[message]), [], unseal)
    (thought,) = call.turns[0].parts
    assert thought == ThoughtPart("Hm", "thinking", "theirs", extra={"origin": "glm-4.7"})


# ---- counting -------------------------------------------------------------------------------


def test_a_request_to_count_needs_no_bound() -> None:
    call = decode_count({"model": "m", "messages": HELLO, "stream": True}, [])
    assert (call.max_tokens, call.stream) == (None, False)
    assert PATH == "/messages/count_tokens"
    assert count_body(2095) == b'{"input_tokens":2095}'
