"""A request of this dialect toward a provider of it: nothing is changed but the documented."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from glimway.wire.responses.request import decode
from wire.responses.making import PLAIN, encoded

Json = Any

TEXT = st.text(max_size=6)
WORD = st.sampled_from(["a", "b", "é", "x_y"])
EXTRA = st.dictionaries(
    st.sampled_from(["id", "status", "new_member", "phase"]),
    st.sampled_from(["completed", "in_progress", None, 5, {"a": [1]}]),
    max_size=2,
)


def objects(required: dict[str, Any], optional: dict[str, Any] | None = None) -> Any:
    return st.builds(
        lambda extra, known: {**extra, **known},
        EXTRA,
        st.fixed_dictionaries(required, optional=optional or {}),
    )


INPUT_PARTS = st.one_of(
    objects({"type": st.just("input_text"), "text": TEXT}),
    objects(
        {"type": st.just("input_image"), "image_url": st.just("https://a/b")},
        {"detail": st.sampled_from(["auto", "low", None])},
    ),
    objects({"type": st.just("input_image"), "file_id": WORD}),
    objects({"type": st.just("input_file"), "file_id": WORD}, {"filename": WORD}),
    objects({"type": st.just("input_file"), "file_data": WORD, "filename": WORD}),
    objects({"type": st.just("output_text"), "text": TEXT}),
    objects({"type": st.just("input_new")}),
)
OUTPUT_PARTS = st.one_of(
    objects({"type": st.just("output_text"), "text": TEXT}, {"annotations": st.just([])}),
    objects({"type": st.just("refusal"), "refusal": TEXT}),
    objects({"type": st.just("input_text"), "text": TEXT}),
    objects({"type": st.just("output_new")}),
)
TYPED = {"type": st.just("message")}


def messages(roles: list[str], parts: Any) -> Any:
    content = st.one_of(TEXT, st.lists(parts, max_size=3))
    return objects({"role": st.sampled_from(roles), "content": content}, TYPED)


THOUGHTS = objects(
    {
        "type": st.just("reasoning"),
        "summary": st.lists(
            st.fixed_dictionaries({"type": st.just("summary_text"), "text": TEXT}), max_size=2
        ),
    },
    {
        "content": st.one_of(
            st.none(),
            st.lists(st.fixed_dictionaries({"type": st.just("reasoning_text"), "text": TEXT})),
        ),
        "encrypted_content": st.one_of(st.none(), WORD),
    },
)
ITEMS = st.one_of(
    messages(["user", "system", "developer"], INPUT_PARTS),
    messages(["assistant"], OUTPUT_PARTS),
    THOUGHTS,
    objects(
        {"type": st.just("function_call"), "call_id": WORD, "name": WORD, "arguments": TEXT},
        {"namespace": WORD},
    ),
    objects({"type": st.just("custom_tool_call"), "call_id": WORD, "name": WORD, "input": TEXT}),
    objects(
        {
            "type": st.sampled_from(["function_call_output", "custom_tool_call_output"]),
            "call_id": WORD,
            "output": st.one_of(TEXT, st.none(), st.lists(INPUT_PARTS, max_size=2)),
        },
    ),
    objects(
        {"type": st.sampled_from(["local_shell_call", "mcp_call", "shell_call_output", "new"])}
    ),
    objects({"type": st.just("compaction"), "encrypted_content": WORD}),
)
SCHEMA = st.just({"type": "object", "properties": {"a": {"type": "string"}}})
FUNCTIONS = objects(
    {"type": st.just("function"), "name": WORD},
    {
        "description": st.one_of(WORD, st.none()),
        "parameters": st.one_of(SCHEMA, st.none()),
        "strict": st.one_of(st.booleans(), st.none()),
        "defer_loading": st.booleans(),
    },
)
CUSTOM = objects({"type": st.just("custom"), "name": WORD}, {"format": st.just({"type": "text"})})
TOOLS = st.one_of(
    FUNCTIONS,
    CUSTOM,
    objects(
        {
            "type": st.just("namespace"),
            "name": WORD,
            "tools": st.lists(st.one_of(FUNCTIONS, CUSTOM), max_size=2),
        }
    ),
    objects({"type": st.sampled_from(["web_search", "mcp", "local_shell"])}),
)
FORMATS = st.one_of(
    objects({"type": st.sampled_from(["text", "json_object"])}),
    objects(
        {"type": st.just("json_schema"), "name": WORD, "schema": SCHEMA},
        {"strict": st.one_of(st.booleans(), st.none()), "description": WORD},
    ),
    objects({"type": st.just("grammar"), "syntax": st.just("lark")}),
)
BODIES = st.fixed_dictionaries(
    {"input": st.one_of(TEXT, st.lists(ITEMS, min_size=1, max_size=6))},
    optional={
        "instructions": TEXT,
        "stream": st.just(True),
        "tools": st.lists(TOOLS, min_size=1, max_size=4),
        "tool_choice": st.sampled_from(["auto", "none", {"type": "web_search"}]),
        "text": st.fixed_dictionaries(
            {}, optional={"format": FORMATS, "verbosity": st.just("low"), "new": st.just(1)}
        ),
        "reasoning": st.fixed_dictionaries(
            {},
            optional={
                "effort": st.sampled_from(["none", "low", "high"]),
                "summary": st.just("auto"),
                "context": st.just("all"),
            },
        ),
        "include": st.lists(st.just("reasoning.encrypted_content"), max_size=1),
        "truncation": st.just("auto"),
        "max_output_tokens": st.integers(1, 99),
        "max_tool_calls": st.integers(1, 9),
        "parallel_tool_calls": st.booleans(),
        "metadata": st.just({"a": "b"}),
        "prompt_cache_key": WORD,
        "safety_identifier": WORD,
        "service_tier": st.just("flex"),
        "stream_options": st.just({"include_obfuscation": False}),
        "top_logprobs": st.integers(0, 20),
        "temperature": st.sampled_from([0, 0.5, 2]),
        "top_p": st.sampled_from([0.1, 1]),
        "seed": st.integers(0, 9),
        "user": WORD,
        "prompt": st.just({"id": "p"}),
        "client_metadata": st.just({"a": 1}),
        "context_management": st.just([{"type": "compaction"}]),
    },
)


def expected(body: Json) -> Json:
    """The same, with the documented additions."""
    wanted = {**body, "model": "up", "store": False}
    thinks = isinstance(body["input"], list) and any(
        item.get("type") == "reasoning" for item in body["input"]
    )
    include = body.get("include", [])
    if thinks and "reasoning.encrypted_content" not in include:
        wanted["include"] = [*include, "reasoning.encrypted_content"]
    return wanted


@given(BODIES)
def test_what_goes_in_comes_out(body: Json) -> None:
    call = decode({"model": "m", **body})
    assert encoded(call) == expected(body)
    assert encoded(call) == expected(body), "the call is not changed by writing it"


def test_what_the_gateway_keeps_is_not_sent_on() -> None:
    body = {
        "model": "m",
        "input": "Hi",
        "previous_response_id": "resp_1",
        "conversation": "conv_1",
        "background": True,
        "store": True,
    }
    assert encoded(decode(body), PLAIN) == {"model": "up", "input": "Hi", "store": True}


def test_additional_tools_stay_where_they_were() -> None:
    tool = {"type": "function", "name": "f"}
    body = {"input": [{"type": "additional_tools", "role": "developer", "tools": [tool]}]}
    assert encoded(decode({"model": "m", **body})) == {**body, "model": "up", "store": False}
