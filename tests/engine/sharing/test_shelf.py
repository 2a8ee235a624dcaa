"""What is kept, how long, and how much of it."""

from __future__ import annotations

import random
from typing import cast

import pytest

from glimway.config.settings import Settings
from glimway.config.sharing import rules_of
from glimway.domain.catalog import Endpoint
from glimway.engine.flow import Frames
from glimway.engine.sharing.shelf import ENTRY_BYTES, Bounds, Kept, Shelf
from glimway.engine.sharing.weight import EVENT_BYTES, compact, weight
from glimway.wire.events import Opaque, Start, Stop, Text, Thought, ToolArgs, ToolOpen, Usage


def about(until_s: float = 100.0) -> Kept:
    return Kept([], cast("Endpoint", None), "id", until_s, (), 0)


def answer(text: str) -> Frames:
    frames: Frames = [[Start()]]
    frames += [[Text(one)] for one in text]
    return [*frames, [Stop("stop"), Usage(1, 2)]]


def said(frames: Frames) -> str:
    return "".join(one.text for frame in frames for one in frame if isinstance(one, Text))


def test_an_operator_who_says_nothing_shares_nothing() -> None:
    settings = Settings()
    assert rules_of(settings.coalesce, settings.cache).idle


def test_an_answer_is_good_until_its_time_is_over() -> None:
    shelf = Shelf(Bounds())
    assert shelf.find(b"a", 0.0) is None
    assert shelf.keep(b"a", answer("hello"), about(until_s=10.0))
    found = shelf.find(b"a", 9.999)
    assert found is not None
    assert said(found.frames) == "hello"
    assert shelf.find(b"a", 10.0) is None
    assert len(shelf) == shelf.bytes == 0


def test_the_longest_unused_goes_first() -> None:
    shelf = Shelf(Bounds(entries_max=2))
    for name in (b"a", b"b"):
        shelf.keep(name, answer("x"), about())
    shelf.find(b"a", 0.0)
    shelf.keep(b"c", answer("x"), about())
    assert [shelf.find(name, 0.0) is not None for name in (b"a", b"b", b"c")] == [True, False, True]


def test_bytes_are_bounded_and_counted_to_the_last() -> None:
    shelf = Shelf(Bounds(entries_max=50, bytes_max=20_000, answer_bytes_max=6_000))
    chance = random.Random(5)
    for _ in range(1000):
        name = bytes([chance.randrange(80)])
        shelf.keep(name, answer("x" * chance.randrange(7000)), about())
        held = [shelf.find(bytes([one]), 0.0) for one in range(80)]
        assert shelf.bytes == sum(one.size_bytes for one in held if one is not None)
        assert shelf.bytes <= 20_000
        assert len(shelf) <= 50


def test_an_answer_that_is_too_large_is_not_kept_and_the_old_one_goes() -> None:
    shelf = Shelf(Bounds(answer_bytes_max=2000))
    assert shelf.keep(b"a", answer("x"), about())
    assert not shelf.keep(b"a", answer("x" * 5000), about())
    assert shelf.find(b"a", 0.0) is None


def test_pieces_are_joined_and_nothing_else_changes() -> None:
    live: Frames = [
        [Start("id")],
        [Thought("let "), Thought("me")],
        [Thought("", signature="s")],
        [Text("a"), Text("b", choice=1), Text("c", choice=1)],
        [ToolOpen(0, "t", "f")],
        [ToolArgs(0, "{"), ToolArgs(0, "}")],
        [ToolArgs(1, "{}")],
        [Opaque("frame", {"x": 1}), Stop("stop"), Usage(1, 2)],
    ]
    events = [event for frame in compact(live) for event in frame]
    assert events == [
        Start("id"),
        Thought("let me"),
        Thought("", signature="s"),
        Text("a"),
        Text("bc", choice=1),
        ToolOpen(0, "t", "f"),
        ToolArgs(0, "{}"),
        ToolArgs(1, "{}"),
        Opaque("frame", {"x": 1}),
        Stop("stop"),
        Usage(1, 2),
    ]
    assert live[1] == [Thought("let "), Thought("me")]


@pytest.mark.parametrize(("text", "size"), [("x" * 100, 100), ("\u00e4" * 100, 400)])
def test_texts_weigh_what_they_hold(text: str, size: int) -> None:
    assert weight([[Text(text)]]) == EVENT_BYTES + size
    assert weight([[Opaque("frame", {"x": text})]]) > EVENT_BYTES + size
    assert ENTRY_BYTES > EVENT_BYTES
