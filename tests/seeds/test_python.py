"""The Python programs of the services' pages: requests and OpenAI's library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from kit import answers
from kit.gateway import Gateway
from kit.provider import ScriptedProvider
from kit.splits import seeded_cuts
from seeds.running import printed, run

ODD = {"GLM-4.7-Flash": "lab/odd"}

CLEAN = 'Quiet tools — “静かな道具” — stay out of the way.\n\nThat\'s {"all"} 👩‍🚀.'


def said(gateway: Gateway, model: str, text: str, **members: Any) -> str:
    """What the emulated host says to one user message; it says the same to the same."""
    body = {"model": model, "messages": [{"role": "user", "content": text}], **members}
    answer: str = gateway.post("/v1/chat/completions", body).json()["choices"][0]["message"][
        "content"
    ]
    return answer


def odd_frames(texts: list[str]) -> Iterator[bytes]:
    """A stream with much in it that is no text."""
    yield b": thinking\n\n"
    opening = answers.chat_chunk({})
    yield answers.frame({**opening, "choices": [], "prompt_filter_results": []})
    yield answers.frame(answers.chat_chunk({"role": "assistant", "content": None}))
    yield answers.frame(answers.chat_chunk({"content": None, "reasoning_content": "Hm."}))
    for text in texts:
        yield answers.frame(answers.chat_chunk({"role": "assistant", "content": text}))
        yield b": still here\n\n"
    yield answers.frame(answers.chat_chunk({"content": ""}))
    yield answers.frame(answers.chat_chunk({"content": None}, "stop"))
    yield answers.frame({**opening, "choices": [], "usage": answers.usage()})
    yield answers.DONE


def odd_stream(texts: list[str]) -> list[bytes]:
    """Those frames, cut where it hurts: within characters and within lines."""
    data = b"".join(odd_frames(texts))
    return answers.stream(seeded_cuts(data, seed=7, n=200))


def test_wavespeed_a_whole_answer(gateway: Gateway) -> None:
    text = printed("wavespeed-whole.py", gateway)
    assert "3 bullet points on maintaining a calm writing workflow" in text


def test_wavespeed_the_stream_loop_prints_the_text_and_nothing_else(gateway: Gateway) -> None:
    expected = said(gateway, "GLM-4.7-Flash", "Write a calm closing paragraph.", temperature=0.2)
    assert "calm closing paragraph" in expected
    assert printed("wavespeed-stream.py", gateway) == expected + "\n"


def test_wavespeed_the_stream_loop_prints_clean_text_whatever_the_host_sends(
    gateway: Gateway, odd: ScriptedProvider
) -> None:
    texts = [CLEAN[at : at + 5] for at in range(0, len(CLEAN), 5)]
    odd.script(*odd_stream(texts))
    assert printed("wavespeed-stream.py", gateway, changes=ODD) == CLEAN + "\n"


def test_wavespeed_the_stream_loop_is_not_broken_by_other_ends_of_lines(
    gateway: Gateway, odd: ScriptedProvider
) -> None:
    # The loop reads with iter_lines, which takes these for ends of lines: a frame that held one
    # as it is would fall apart and be skipped, and its text would be lost without a word.
    texts = [f"{ord(sign):x}{sign}" for sign in "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e"]
    odd.script(*odd_stream(texts))
    assert printed("wavespeed-stream.py", gateway, changes=ODD) == "".join(texts) + "\n"


def test_wavespeed_a_wrong_key_ends_the_program(gateway: Gateway) -> None:
    for name in ("wavespeed-whole.py", "wavespeed-stream.py"):
        done = run(name, gateway, key="sk-of-somebody-else")
        assert done.returncode == 1
        assert "401 Client Error: Unauthorized" in done.stderr


def test_wavespeed_a_stream_that_is_asked_for_with_a_string_ends_the_program(
    gateway: Gateway,
) -> None:
    done = run("wavespeed-stream.py", gateway, changes={'"stream": True': '"stream": "true"'})
    assert done.returncode == 1
    assert "400 Client Error: Bad Request" in done.stderr


def test_empiriolabs_openai_s_library(gateway: Gateway) -> None:
    expected = said(gateway, "glm-4-7-flash", "Write a haiku about the ocean.")
    assert printed("empiriolabs.py", gateway) == expected + "\n"


def test_empiriolabs_openai_s_library_streaming(gateway: Gateway) -> None:
    changes = {
        "    messages=": "    stream=True,\n    messages=",
        "print(response.choices[0].message.content)": (
            "for chunk in response:\n"
            "    print(chunk.choices[0].delta.content or '', end='')\n"
            "print()"
        ),
    }
    expected = said(gateway, "glm-4-7-flash", "Write a haiku about the ocean.")
    assert printed("empiriolabs.py", gateway, changes=changes) == expected + "\n"


def test_every_member_of_empiriolabs_table_is_taken(gateway: Gateway) -> None:
    tool = {"name": "get_tide", "parameters": {"type": "object", "properties": {}}}
    table: dict[str, Any] = {
        "temperature": 1,
        "top_p": 0.95,
        "max_tokens": 4096,
        "stop": ["END"],
        "do_sample": True,
        "enable_thinking": True,
        "thinking": {"type": "disabled"},
        "response_format": {"type": "json_object"},
        "tools": [{"type": "function", "function": tool}],
        "tool_choice": "auto",
        "tool_stream": False,
    }
    messages = [{"role": "user", "content": "Write a haiku about the ocean, as JSON."}]
    for name, value in table.items():
        body = {"model": "glm-4-7-flash", "messages": messages, name: value}
        answer = gateway.post("/v1/chat/completions", body)
        assert answer.status == 200, (name, answer.body)
        content = answer.json()["choices"][0]["message"]["content"]
        assert content, name
        if name == "response_format":
            assert json.loads(content)
