"""Estimates: starting figures, learning, bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.domain.estimate import (
    BYTES_PER_TOKEN_MAX,
    BYTES_PER_TOKEN_MIN,
    BYTES_PER_TOKEN_START,
    OUTPUT_TOKENS_MAX,
    Estimates,
    Learned,
)

counts = st.integers(-10, 10**15)


def test_starting_figures() -> None:
    learned = Learned()
    assert learned.bytes_per_token == BYTES_PER_TOKEN_START
    assert learned.prompt_tokens(0) == 0
    assert learned.prompt_tokens(1) == 1
    assert learned.prompt_tokens(4000) == 1000
    assert learned.text_tokens(4001) == 1001
    assert Learned(3.0, 200).prompt_tokens(300) == 100
    assert Learned(3.0, 200).output_tokens(None, 1000) == 200


@pytest.mark.parametrize(
    ("max_tokens", "cap", "expected", "held"),
    [(None, 131_072, 500, 131_072), (100, 131_072, 100, 100), (9000, 300, 300, 300), (9, 0, 0, 0)],
)
def test_the_answer_is_bounded_by_caller_and_model(
    max_tokens: int | None, cap: int, expected: int, held: int
) -> None:
    learned = Learned()
    assert learned.output_tokens(max_tokens, cap) == expected
    assert learned.hold_tokens(4000, max_tokens, cap) == (1250, held)


@given(st.floats(1.5, 7.5), st.integers(1, 5000))
def test_a_steady_truth_is_learned(bytes_per_token: float, output: int) -> None:
    learned = Learned()
    for _ in range(400):
        learned.observe(round(2000 * bytes_per_token), 2000, output)
    assert learned.bytes_per_token == pytest.approx(bytes_per_token, rel=0.02)
    assert learned.mean_output_tokens == pytest.approx(output, rel=0.02, abs=2)


def test_a_changed_truth_is_learned_anew() -> None:
    learned = Learned()
    for _ in range(400):
        learned.observe(8000, 2000, 100)
    for _ in range(400):
        learned.observe(4000, 2000, 900)
    assert learned.bytes_per_token == pytest.approx(2.0, rel=0.02)
    assert learned.mean_output_tokens == pytest.approx(900, rel=0.02)


def test_many_tiny_prompts_do_not_make_a_long_one_look_small() -> None:
    learned = Learned()
    for _ in range(20):
        learned.observe(40_000, 10_000, 100)
        for _ in range(10):
            learned.observe(120, 6, 5)  # the JSON around one word
    assert learned.prompt_tokens(40_000) == pytest.approx(10_000, rel=0.1)


def test_one_picture_does_not_make_text_look_small() -> None:
    learned = Learned()
    learned.observe(3_000_000, 1200, 100)
    assert learned.prompt_tokens(40_000) >= 40_000 / BYTES_PER_TOKEN_MAX


@given(st.lists(st.tuples(counts, counts, counts), max_size=50))
def test_no_observation_leaves_the_bounds(observed: list[tuple[int, int, int]]) -> None:
    learned = Learned()
    for request_bytes, prompt, output in observed:
        learned.observe(request_bytes, prompt, output)
    assert BYTES_PER_TOKEN_MIN * 0.999 <= learned.bytes_per_token <= BYTES_PER_TOKEN_MAX * 1.001
    assert 1 <= learned.mean_output_tokens <= OUTPUT_TOKENS_MAX
    prompt, output = learned.hold_tokens(100_000, None, 500)
    assert learned.prompt_tokens(100_000) <= prompt
    assert output == 500


@given(st.floats(0.001, 1e9), st.floats(0, 1e12))
def test_no_catalog_figure_leaves_the_bounds(bytes_per_token: float, output: float) -> None:
    learned = Learned(bytes_per_token, output)
    assert BYTES_PER_TOKEN_MIN <= learned.bytes_per_token <= BYTES_PER_TOKEN_MAX
    assert 1 <= learned.mean_output_tokens <= OUTPUT_TOKENS_MAX


def test_impossible_figures_teach_nothing() -> None:
    learned = Learned()
    learned.observe(0, 0, 0)
    learned.observe(-5, 7, -1)
    learned.observe(5, -7, 0)
    assert learned.bytes_per_token == BYTES_PER_TOKEN_START
    assert learned.mean_output_tokens == 500


def test_each_model_has_its_own_figures() -> None:
    estimates = Estimates()
    estimates.start("a", 2.0, 50)
    assert estimates.prompt_tokens("a", 100) == 50
    assert estimates.prompt_tokens("b", 100) == 25
    assert estimates.text_tokens("a", 100) == 50
    assert estimates.output_tokens("a", None, 1000) == 50
    assert estimates.hold_tokens("a", 100, 7, 1000) == (63, 7)
    for _ in range(300):
        estimates.observe("b", 3000, 1000, 10)
    assert estimates.of("b").bytes_per_token == pytest.approx(3, rel=0.02)
    assert estimates.of("a").bytes_per_token == 2
    estimates.start("b", 8.0, 9999)  # observed already
    assert estimates.of("b").bytes_per_token == pytest.approx(3, rel=0.02)


def test_the_model_that_was_longest_unobserved_is_forgotten() -> None:
    estimates = Estimates(models_max=3)
    for model in ("a", "b", "c", "a", "d"):
        estimates.observe(model, 1000, 1000, 10)
    known = [model for model in "abcd" if estimates.of(model).bytes_per_token < 4]
    assert known == ["a", "c", "d"]


def test_asking_for_unknown_models_keeps_nothing() -> None:
    estimates = Estimates(models_max=1)
    estimates.observe("a", 1000, 1000, 10)
    for number in range(100):
        estimates.prompt_tokens(f"unknown-{number}", 100)
    assert estimates.of("a").bytes_per_token < 4
