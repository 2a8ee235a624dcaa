"""What the makers' own error codes lead to, from body to retry. The codes and their meanings are
those of https://docs.z.ai/api-reference/api-code."""

from __future__ import annotations

import pytest

from glimway.data import load_profiles
from glimway.domain.cooldown import at_once, blames_endpoint
from glimway.domain.retry import PATIENCE, again
from glimway.wire.chat.errors import read_error
from glimway.wire.refusal import Fault

PROFILES = load_profiles()
PLACES = ("zai", "zai-cn", "zai-coding", "zai-coding-cn")


def fault(place: str, status: int, code: int | str) -> Fault:
    body = b'{"error":{"code":"%d","message":"x"}}' % int(code)
    return read_error(status, [], body, PROFILES[place].quirks)


@pytest.mark.parametrize("place", PLACES)
def test_a_rate_limit_passes_soon_and_may_be_tried_here_again(place: str) -> None:
    found = fault(place, 429, 1302)
    assert (found.kind, again(found).here, again(found).elsewhere) == ("rate_limited", True, True)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", [429, 200])
def test_an_overload_lasts_and_is_tried_elsewhere_alone(place: str, status: int) -> None:
    found = fault(place, status, 1305)
    assert found.kind == "overloaded"
    assert found.retry_after_s is not None
    assert found.retry_after_s > PATIENCE.asked_s_max
    assert at_once(found)
    assert (again(found).here, again(found).elsewhere) == (False, True)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("code", [1113, 1304, 1308, 1309, 1310, 1311, 1313, 1314, 1315, 1316, 1321])
def test_an_account_without_credit_is_not_asked_again(place: str, code: int) -> None:
    found = fault(place, 429, code)
    assert found.kind == "quota"
    assert at_once(found)
    assert (again(found).here, again(found).elsewhere) == (False, True)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1004, 1005, 1220])
def test_a_key_that_is_not_taken_is_the_operators_matter(place: str, code: int) -> None:
    assert fault(place, 401, code).kind == "auth"


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("code", "refusal"), [(1261, "context_too_long"), (1301, "content_filter")]
)
def test_what_is_wrong_with_the_request_counts_against_nobody(
    place: str, code: int, refusal: str
) -> None:
    found = fault(place, 400, code)
    assert found.refusal == refusal
    assert not blames_endpoint(found)
    assert not again(found).elsewhere


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("code", [1200, 1230, 1234, 1312])
def test_their_own_troubles_are_tried_again(place: str, code: int) -> None:
    found = fault(place, 500, code)
    assert (found.kind, again(found).here, again(found).elsewhere) == ("overloaded", True, True)
