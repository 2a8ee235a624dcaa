"""What clients from other makers say of a whole gateway."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from judges.setting import JUDGES, Judge


@pytest.mark.parametrize("judge", JUDGES, ids=[judge.name for judge in JUDGES])
def test_a_client_is_content(verdict: Callable[[Judge], dict[str, str]], judge: Judge) -> None:
    said = verdict(judge)
    assert set(said) == set(judge.cases)
    failed = [f"{case}:\n{why}" for case, why in said.items() if why]
    assert not failed, "\n".join(failed)
