"""What is sealed opens for its own project and dialect alone, under every known secret."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glimway.engine.seals import Seals

OLD, NEW = b"o" * 32, b"n" * 32


@given(st.text(max_size=200), st.text(max_size=20), st.text(alphabet="abc", max_size=5))
def test_what_was_sealed_is_opened(text: str, project: str, dialect: str) -> None:
    seals = Seals([NEW], os.urandom)
    sealed = seals.sealing(project, dialect)(text)
    assert seals.unsealing(project, dialect)(sealed) == text
    assert seals.unseal(project + "x", dialect, sealed) is None
    assert seals.unseal(project, dialect + "x", sealed) is None


def test_another_instance_opens_nothing() -> None:
    sealed = Seals([OLD], os.urandom).seal("p", "d", "text")
    assert Seals([NEW], os.urandom).unseal("p", "d", sealed) is None


def test_a_secret_is_replaced_while_conversations_go_on() -> None:
    before = Seals([OLD], os.urandom).seal("p", "d", "text")
    both = Seals([NEW, OLD], os.urandom)
    assert both.unseal("p", "d", before) == "text"
    after = both.seal("p", "d", "text")
    assert Seals([NEW], os.urandom).unseal("p", "d", after) == "text"
    assert Seals([OLD], os.urandom).unseal("p", "d", after) is None


def test_every_altered_character_is_noticed() -> None:
    seals = Seals([NEW], os.urandom)
    sealed = seals.seal("p", "d", "some text")
    for at in range(len(sealed) - 1):
        other = "A" if sealed[at] != "A" else "B"
        assert seals.unseal("p", "d", sealed[:at] + other + sealed[at + 1 :]) is None


@given(st.one_of(st.text(max_size=80), st.binary(max_size=60).map(bytes.hex)))
def test_anything_else_is_not_opened(text: str) -> None:
    assert Seals([NEW], os.urandom).unseal("p", "d", text) is None


def test_equal_texts_do_not_look_alike() -> None:
    seals = Seals([NEW], os.urandom)
    assert seals.seal("p", "d", "text") != seals.seal("p", "d", "text")


def test_there_must_be_a_secret() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Seals([], os.urandom)
