"""What an error message says of a caller's value."""

from __future__ import annotations

from typing import Any

import pytest

from glimway.wire.chat.request import decode
from glimway.wire.refusal import Refusal, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"role": "user", "seen": None}, '{"role": "user", "seen": null}'),
        (["a", True, 1.5], '["a", true, 1.5]'),
        ("it's", '"it\'s"'),
        ("a\nb", '"a\\u000ab"'),
        (None, "null"),
        (False, "false"),
        (10**30, "1" + "0" * 30),
        ({"a": "\u202e"}, '{"a": "\\u202e"}'),
    ],
)
def test_a_value_is_shown_as_the_caller_wrote_it(value: Any, text: str) -> None:
    assert shown(value) == text


@pytest.mark.parametrize(
    ("member", "accepted"),
    [
        ({"stop": 5}, "a string or an array of strings"),
        ({"stop": ["a"] * 17}, '["a", "a", "a", "a", "a", "a", "a", "a"]. It must be at most 16'),
        ({"messages": {"role": "user"}}, '{"role": "user"}. It must be an array of messages'),
    ],
)
def test_the_message_has_no_python_in_it(member: dict[str, Any], accepted: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], **member}
    with pytest.raises(Refusal) as caught:
        decode(body)
    assert accepted in caught.value.message
