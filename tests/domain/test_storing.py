"""Whether an answer is kept: the operator, the project and the request each have a word."""

from __future__ import annotations

import msgspec
import pytest

from glimway.domain.storing import Use, keeps, of_project


@pytest.mark.parametrize(
    ("operator", "project", "asked", "kept"),
    [
        ("always", None, None, True),
        ("always", None, False, False),
        ("asked", None, None, False),
        ("asked", None, True, True),
        ("asked", "always", None, True),
        ("asked", "always", False, False),
        ("asked", "never", True, False),
        ("always", "asked", None, False),
        ("always", "asked", True, True),
        ("never", None, True, False),
        ("never", "always", True, False),  # the operator's never is the last word
    ],
)
def test_who_says_what_is_kept(
    operator: Use, project: Use | None, asked: bool | None, kept: bool
) -> None:
    assert keeps(operator, project, asked=asked) is kept


def test_a_project_says_nothing_unless_it_does() -> None:
    assert of_project({}) is None
    assert of_project({"responses": {}}) is None
    assert of_project({"responses": {"store": "always"}}) == "always"


@pytest.mark.parametrize("said", [{"store": "sometimes"}, {"stored": "always"}, "always", 3])
def test_a_wrong_choice_is_told(said: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        of_project({"responses": said})
