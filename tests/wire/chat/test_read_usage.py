"""Usage, wherever and however often a host reports it."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.chat.usage import TOKENS_MAX, count, read_usage, write_usage
from glimway.wire.events import Usage
from wire.chat.replies import USAGE, answer, chunk, sse, text, told, told_whole

END = chunk({}, "stop")
EMPTY: dict[str, Any] = {**chunk(), "choices": []}
NOTHING = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
EARLY = {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}

PLACES: dict[str, list[Any]] = {
    "in the finish frame": [text("a"), chunk({}, "stop", usage=USAGE)],
    "in a frame of its own": [text("a"), END, {**EMPTY, "usage": USAGE}],
    "in a frame of its own with a choice": [
        text("a"),
        END,
        {**chunk({"content": ""}), **EMPTY},
        chunk({"role": "assistant", "content": ""}, usage=USAGE),
    ],
    "null before": [
        text("a", usage=None),
        chunk({}, "stop", usage=None),
        {**EMPTY, "usage": USAGE},
    ],
    "early": [text("a", usage=USAGE), END],
    "early, null later": [text("a", usage=USAGE), chunk({}, "stop", usage=None)],
    "early, nothing later": [text("a", usage=USAGE), chunk({}, "stop", usage=NOTHING)],
    "twice": [text("a"), chunk({}, "stop", usage=USAGE), {**EMPTY, "usage": USAGE}],
    "continuous": [text("a", usage=EARLY), chunk({}, "stop", usage=USAGE)],
    "in the choice": [
        text("a"),
        {
            **chunk(),
            "choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}],
        },
    ],
    "in a frame without choices": [text("a"), END, {"usage": USAGE}],
}


@pytest.mark.parametrize("place", PLACES)
def test_usage_is_found_and_counted_once(place: str) -> None:
    """docs.vllm.ai (``continuous_usage_stats``), docs.z.ai (in the finish frame)."""
    found = told(sse(*PLACES[place]))
    assert found.usage == Usage(7, 5)
    assert found.written.count(b'"usage"') == 1


@pytest.mark.parametrize("usage", [None, {}, [], "none", {"prompt_tokens": None}])
def test_no_usage_is_none(usage: Any) -> None:
    assert told(sse(text("a"), chunk({}, "stop", usage=usage))).usage is None
    assert told_whole(answer({"content": "a"}, usage=usage)).usage is None


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"prompt_tokens": 7, "completion_tokens": 5}, Usage(7, 5)),
        ({"prompt_tokens": "7", "completion_tokens": "5"}, Usage(7, 5)),
        ({"prompt_tokens": 7.0, "completion_tokens": None}, Usage(7, 0)),
        ({"prompt_tokens": -7, "completion_tokens": -5}, None),
        ({"prompt_tokens": 2**63, "completion_tokens": 2**63}, None),
        ({"prompt_tokens": "-7", "completion_tokens": "5"}, None),
        ({"prompt_tokens": 7, "completion_tokens": 5.5}, None),
        ({"prompt_tokens": True, "completion_tokens": 5}, None),
        (
            {**USAGE, "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2}},
            Usage(7, 5, 3, 2),
        ),
        ({**USAGE, "prompt_tokens_details": None, "completion_tokens_details": None}, Usage(7, 5)),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": 99}}, Usage(7, 5, 7)),
        ({**USAGE, "prompt_tokens_details": {"cached_tokens": -1}}, Usage(7, 5)),
        ({**USAGE, "prompt_cache_hit_tokens": 3}, Usage(7, 5, 3)),
        ({**USAGE, "completion_tokens_details": {"reasoning_tokens": 4}}, Usage(7, 5, reasoning=4)),
        ({**USAGE, "reasoning_tokens": 4}, Usage(7, 5, reasoning=4)),
        ({**USAGE, "reasoning_tokens": 99}, Usage(7, 5, reasoning=5)),
        ({**USAGE, "total_tokens": 16, "reasoning_tokens": 4}, Usage(7, 9, reasoning=4)),
        ({**USAGE, "cost": 1, "estimated_cost": 2, "is_byok": False}, Usage(7, 5)),
    ],
    ids=str,
)
def test_counts_are_read_where_they_are_sane(given: dict[str, Any], read: Usage | None) -> None:
    found = read_usage(given)
    if found is not None:
        found.extra = None
    assert found == read


def test_members_of_usage_that_nobody_knows_travel() -> None:
    """Cerebras' prediction tokens, OpenRouter's ``cost_details``; the host's own cost does not:
    what a client pays is ours to say."""
    given = {
        **USAGE,
        "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 2},
        "completion_tokens_details": {"accepted_prediction_tokens": 3},
        "cost_details": {"a": 1},
        "cost": 9,
    }
    usage = read_usage(given)
    assert usage is not None
    assert write_usage(usage, None) == {
        "prompt_tokens": 7,
        "completion_tokens": 5,
        "total_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 1, "audio_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 0, "accepted_prediction_tokens": 3},
        "cost_details": {"a": 1},
    }


@pytest.mark.parametrize("odd", [-1, 1.5, TOKENS_MAX + 1, "x", "1" * 99, "²", True, None, [], {}])
def test_an_insane_count_is_zero(odd: Any) -> None:
    assert count(odd) == 0
