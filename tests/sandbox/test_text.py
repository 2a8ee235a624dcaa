from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.sandbox import prose, tokens
from glimway.sandbox.words import WORDS_MAX, Words

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("你好", 2), ("🚀", 1)]
)
def test_a_token_is_four_bytes(text: str, count: int) -> None:
    assert tokens.count(text) == count


@given(TEXT)
def test_words_joined_are_the_text(text: str) -> None:
    assert "".join(tokens.words(text)) == text


@given(TEXT, st.integers(0, 60))
def test_a_head_is_a_beginning_that_fits(text: str, limit: int) -> None:
    head = tokens.head(text, limit)
    assert text.startswith(head)
    assert tokens.count(head) <= limit
    if tokens.count(text) <= limit:
        assert head == text


def test_a_head_ends_after_a_word_but_is_not_empty_for_want_of_one() -> None:
    assert tokens.head("one two three", 2) == "one two"
    assert tokens.head("incomprehensibilities", 2) == "incompre"
    assert tokens.head("你好世界", 1) == "你"


def test_words_that_matter_come_first_names_before_others() -> None:
    words = Words("What is the weather in Paris and in New Orleans tomorrow?")
    assert words.topics == ["Paris", "New", "Orleans", "weather", "tomorrow"]
    assert [words.topic() for _ in range(6)] == [*words.topics, "Paris"]


def test_a_prompt_without_words_still_gives_one() -> None:
    assert Words("").topic() == "question"
    assert Words("12 + 3?").phrase() == "question"


def test_words_of_any_script_count() -> None:
    assert Words("巴黎 的 天气").topics == ["巴黎", "的", "天气"]


def test_numbers_are_given_once_and_only_where_they_fit() -> None:
    words = Words("between 7 and 300, say 2.5")
    assert words.number(lambda number: number > 100) == 300
    assert words.number(lambda number: number > 100) is None
    assert words.number(lambda number: True) == 7


@given(TEXT)
def test_words_of_any_text_are_bounded(text: str) -> None:
    words = Words(text)
    assert len(words.topics) <= WORDS_MAX
    assert all(words.topics)


def test_an_answer_reacts_to_the_prompt_and_repeats_itself() -> None:
    prompt = "How do I prune an old apple tree?"
    first = prose.answer(Words(prompt), prompt, Random(7))
    assert first == prose.answer(Words(prompt), prompt, Random(7))
    assert first != prose.answer(Words(prompt), prompt, Random(8))
    assert prompt in first
    assert {"prune", "apple"} <= set(re.findall(r"\w+", first.lower()))
    assert all(sentence[:1].isupper() for sentence in re.split(r"(?<=[.;]) (?=[A-Z])", first))


def test_a_greeting_is_greeted() -> None:
    assert prose.answer(Words("Hello!"), "Hello!", Random(1)).startswith("Hello!")


@given(TEXT)
def test_any_prompt_gets_an_answer_without_holes(prompt: str) -> None:
    text = prose.answer(Words(prompt), prompt, Random(1))
    assert text
    assert "{a}" not in text.replace(prompt, "") or "{a}" in prompt


def test_a_longer_answer_has_about_the_tokens_asked_for() -> None:
    for wanted in (1, 50, 5_000):
        text = prose.longer("A short answer.", wanted, Words("apples"))
        assert wanted - 12 <= tokens.count(text) <= wanted


def test_a_report_quotes_every_result() -> None:
    text = prose.report([("get_weather", " 21 degrees "), ("", "nothing")])
    assert "The tool get_weather returned: 21 degrees" in text
    assert "The tool you called returned: nothing" in text
