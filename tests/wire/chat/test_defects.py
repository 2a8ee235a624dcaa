"""What hosts of GLM get wrong, one small stream for each class, cut at every byte.

The links are reports of the defect.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from glimway.data import load_profiles
from glimway.wire.quirks import Quirks
from kit.splits import all_ways
from wire.chat.grammar import Clean
from wire.chat.replies import (
    PLAIN,
    TOOLS,
    USAGE,
    answer,
    call,
    calls,
    chunk,
    event,
    named,
    sse,
    text,
    thought,
    told,
    told_whole,
)

Json = Any
PROFILES = load_profiles()
OPEN = msgspec.structs.replace(PLAIN, reasoning_out=("think_open",))
END = chunk({}, "stop", usage=USAGE)
CALLED = chunk({}, "tool_calls", usage=USAGE)
PARIS = ("get_weather", {"city": "Paris"})
LEAK = "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value></tool_call>"


class Defect(msgspec.Struct):
    """A stream, and what a client is told."""

    stream: bytes
    text: str = ""
    thought: str = ""
    calls: tuple[tuple[str, Json], ...] = ()
    finish: str = "stop"
    quirks: Quirks = PLAIN
    fault: str | None = None


DEFECTS: dict[str, Defect] = {
    # github.com/vllm-project/vllm/pull/45915
    "a tool call swallowed by thinking": Defect(
        sse(thought("I look." + LEAK[:20]), thought(LEAK[20:]), CALLED),
        thought="I look.",
        calls=(PARIS,),
        finish="tool_calls",
    ),
    # github.com/vllm-project/vllm/issues/44326: nothing is left that could be called.
    "a call without arguments dropped from the stream": Defect(
        sse(text("One moment."), CALLED), "One moment."
    ),
    # github.com/vllm-project/vllm/issues/39757
    "a tool's name in pieces": Defect(
        sse(
            calls(call(0, "get", id="c1", type="function")),
            calls(call(0, "_weather", '{"city": ')),
            calls(call(0, None, '"Paris"}')),
            CALLED,
        ),
        calls=(PARIS,),
        finish="tool_calls",
    ),
    # github.com/vllm-project/vllm/pull/39253: half of them never came.
    "arguments lost": Defect(
        sse(calls(call(0, "get_weather", '{"city": "Pa', id="c1")), CALLED),
        fault="broken",
    ),
    # github.com/vllm-project/vllm/issues/32436
    "empty arguments": Defect(
        sse(calls(call(0, "now", "", id="c1")), CALLED), calls=(("now", {}),), finish="tool_calls"
    ),
    # github.com/vllm-project/vllm/issues/32829: late, and whole.
    "long arguments in one piece": Defect(
        sse(calls(call(0, "get_weather", '{"city": "%s"}' % ("x" * 300), id="c1")), CALLED),
        calls=(("get_weather", {"city": "x" * 300}),),
        finish="tool_calls",
    ),
    # github.com/sgl-project/sglang/issues/34214
    "text and calls in one answer": Defect(
        sse(
            chunk({"content": "I look.", "tool_calls": [call(0, "now", "{}", id="c1")]}),
            CALLED,
        ),
        "I look.",
        calls=(("now", {}),),
        finish="tool_calls",
    ),
    # github.com/vllm-project/vllm/pull/48103: asked for and not enforced.
    "a required call that is not made": Defect(
        sse(text("I would rather not."), END), "I would rather not."
    ),
    # docs.rs/harn-vm (DeepInfra): equal calls may be meant, so none is taken away.
    "one call many times": Defect(
        sse(*(calls(call(at, "now", "{}", id=f"c{at}")) for at in range(5)), CALLED),
        calls=(("now", {}),) * 5,
        finish="tool_calls",
    ),
    # github.com/vllm-project/vllm/issues/27703
    "thinking in the text": Defect(
        sse(text("I think."), text("</thi"), text("nk>Hello"), END),
        "Hello",
        "I think.",
        quirks=OPEN,
    ),
    # github.com/vllm-project/vllm/issues/33616
    "thinking under another name": Defect(
        sse(chunk({"reasoning": "Hm"}), text("Hi"), END), "Hi", "Hm"
    ),
    # github.com/zai-org/GLM-5/issues/84
    "markup in a tool's name": Defect(
        sse(
            calls(
                call(
                    0,
                    "get_weather<arg_key>city</arg_key><arg_value>Paris</arg_value>",
                    "{}",
                    id="c1",
                )
            ),
            CALLED,
        ),
        calls=(PARIS,),
        finish="tool_calls",
    ),
    # github.com/zai-org/GLM-5/issues/66
    "an object cut off with the next glued to it": Defect(
        sse(text("A"), b'{"id":"a","choices":[{"del' + b'data: {"choices":[]}', END),
        "A",
        fault="broken",
    ),
    # github.com/zai-org/GLM-5/issues/91
    "a frame of nulls": Defect(
        sse({"id": "", "choices": None, "usage": None}, text("Hi"), END), "Hi"
    ),
    # github.com/mistralai/client-python/issues/628
    "thinking and nothing else": Defect(sse(thought("Hm"), END), thought="Hm"),
    # github.com/anomalyco/opencode/issues/1880
    "a call without an id": Defect(
        sse(calls(call(0, "now", "{}")), CALLED), calls=(("now", {}),), finish="tool_calls"
    ),
    # github.com/CherryHQ/cherry-studio/pull/16322
    "a call with a number as its id": Defect(
        sse(calls(call(0, "now", "{}", id=7)), CALLED), calls=(("now", {}),), finish="tool_calls"
    ),
    # github.com/zai-org/GLM-4.5/issues/117: until the length ends it.
    "thinking without end": Defect(
        sse(*[thought("again ")] * 9, chunk({}, "length", usage=USAGE)),
        thought="again " * 9,
        finish="length",
    ),
    # github.com/ggml-org/llama.cpp/pull/15186
    "a stop token at the end of the text": Defect(sse(text("Hi"), text("<|user|>"), END), "Hi"),
    # github.com/pwilkin/llama.cpp/issues/5
    "an error of the host's parser in the stream": Defect(
        sse(text("Hi"), {"error": {"code": 500, "message": "Failed to parse input at pos 9"}}),
        "Hi",
        fault="overloaded",
    ),
    # github.com/ollama/ollama/issues/13820
    "an error of the host's markup reader": Defect(
        sse(text("Hi"), {"error": "element <tool_call> closed by </arg_key>"}),
        "Hi",
        fault="broken",
    ),
    # github.com/zai-org/GLM-4.5/issues/52: what is gone cannot be guessed; the rest is left alone.
    "JSON without its code fences": Defect(
        sse(text('{"md": "'), text("```js\\n1\\n``"), text('`"}'), END), '{"md": "```js\\n1\\n```"}'
    ),
    # github.com/anomalyco/opencode/issues/39694: bytes of one character in two pieces.
    "characters of several bytes": Defect(
        event('{"choices":[{"index":0,"delta":{"content":"你好🚀"}}]}'.encode()) + sse(END),
        "你好🚀",
    ),
    # github.com/vllm-project/vllm/issues/46715: passed on, for nobody can know what was meant.
    "garbled text": Defect(sse(text("\ufffd\ufffd ,,"), END), "\ufffd\ufffd ,,"),
    "markup of a tool that nobody declared": Defect(
        sse(text("Write <tool_call>x<arg_key>"), text("a</arg_key> so."), END),
        "Write <tool_call>x<arg_key>a</arg_key> so.",
    ),
    "an end without a finish reason": Defect(sse(text("Hi")), "Hi", fault="broken"),
    "an end without its mark": Defect(sse(text("Hi"), END, end=b""), "Hi", fault="broken"),
    # docs.z.ai: inference failed, said only through the reason.
    "a finish reason that is a failure": Defect(
        sse(text("Hi"), chunk({}, "network_error")), "Hi", fault="broken"
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_cut_at_every_byte(name: str) -> None:
    defect = DEFECTS[name]
    found = told(defect.stream, defect.quirks, TOOLS)
    assert (found.fault and found.fault.kind) == defect.fault
    assert (found.text, found.thought) == (defect.text, defect.thought)
    if defect.fault is None:
        assert tuple(named(found)) == defect.calls
        assert found.finish == defect.finish
    clean = Clean(found.written)
    assert clean.failed == (defect.fault is not None)
    assert len({one[0] for one in found.calls}) == len(found.calls)
    for pieces in all_ways(defect.stream):
        again = told(pieces, defect.quirks, TOOLS)
        assert again.written == found.written
        assert (again.fault and again.fault.kind) == defect.fault


def test_a_whole_reply_is_healed_like_a_stream() -> None:
    called = {"id": "c1", "type": "function", "function": {"name": "now", "arguments": ""}}
    for message, expected in (
        ({"content": "I look." + LEAK}, ("I look.", [PARIS])),
        ({"content": None, "reasoning_content": LEAK}, ("", [PARIS])),
        ({"content": None, "tool_calls": [called]}, ("", [("now", {})])),
        ({"content": "", "tool_calls": [{**called, "id": None}]}, ("", [("now", {})])),
        ({"content": "Hi<|user|>"}, ("Hi", [])),
    ):
        found = told_whole(answer(message, "tool_calls"), tools=TOOLS)
        assert (found.text, named(found)) == expected
