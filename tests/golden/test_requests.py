"""Every request of the corpus, from every client's dialect to every host's: it arrives as it was
meant, or the caller is told what did not."""

from __future__ import annotations

import json

import pytest

from glimway.wire.dialect import Outgoing
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call
from golden.asking import MODEL, fate, sent
from golden.cases import CLIENT_DIALECTS, HOST_DIALECTS, REQUESTS, Request
from golden.clients import asked, mount_of
from golden.hosts import HOSTS, PLAIN

ONLY_WHERE_OFFERED = ("web_search",)
"""A host without quirks offers no web search of its own in chat's words."""


@pytest.mark.parametrize("host", HOST_DIALECTS)
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.label)
def test_nothing_is_lost_in_silence(request_: Request, host: str) -> None:
    found = fate(request_, host)
    assert found.way != "lost", found.words
    assert found.words or found.way == "exact"
    if request_.dialect == host and request_.name not in ONLY_WHERE_OFFERED:
        assert found.way == "exact", found


def written(call: Call, host: str) -> Outgoing | None:
    """What a host gets; None: it was refused, with words."""
    try:
        return HOSTS[host].encode(call, PLAIN, MODEL)
    except Refusal as refusal:
        if refusal.kind != "unsupported":
            raise
        return None


@pytest.mark.parametrize("host", HOST_DIALECTS)
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.label)
def test_a_request_can_be_written_again(request_: Request, host: str) -> None:
    call = asked(request_)
    before = repr(call)
    first = written(call, host)
    assert repr(call) == before, "the next host gets another request"
    if first is None:
        return
    assert HOSTS[host].encode(call, PLAIN, MODEL) == first
    assert json.loads(first.body)["model"] == MODEL
    for phrase in first.adjusted:
        assert phrase.isascii()
        assert "," not in phrase


@pytest.mark.parametrize("host", HOST_DIALECTS)
@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.label)
def test_what_was_translated_once_is_not_changed_by_a_second_gateway(
    request_: Request, host: str
) -> None:
    try:
        once = json.loads(sent(request_, host).body)
    except Refusal:
        return
    again = mount_of(host).side.decode(json.loads(json.dumps(once)), [])
    outgoing = HOSTS[host].encode(again, PLAIN, MODEL)
    assert json.loads(outgoing.body) == once


def test_the_corpus_asks_for_everything() -> None:
    names = {dialect: set() for dialect in CLIENT_DIALECTS}  # type: dict[str, set[str]]
    for request in REQUESTS:
        names[request.dialect].add(request.name)
    shared = set.intersection(*names.values())
    assert shared >= {
        *("text", "system", "conversation", "image_url", "image_data", "pdf_data", "tools"),
        *("tool_choice_required", "tool_choice_named", "tool_loop", "parallel_tool_loop"),
        *("thinking_off", "thinking_effort", "thinking_replayed", "json_schema", "max_tokens"),
    }
