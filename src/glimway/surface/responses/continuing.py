"""A request that goes on from answers that are kept.

Knows how what it refers to is found and put in front of its own input. Refuses to know who is
asked then: the request that comes out is one that says everything itself.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from glimway.engine.kept import KeptAnswers, Missing
from glimway.store.responses import Saved
from glimway.wire import check
from glimway.wire.refusal import Refusal
from glimway.wire.responses.content import refers
from glimway.wire.responses.stored import continued, not_found, resolved

REFERENCES_MAX = 1000
"""Items that one request may refer to."""

INPUT_BYTES_MAX = 64 * 1024 * 1024
"""A request together with all that it continues."""

_WORDS = (b"previous_response_id", b"item_reference", b'"background"')
_ID = b'"id"'
_ID_LAST = re.compile(rb'"id"\s*:\s*"[^"]*"\s*(?:,\s*"type"\s*:\s*null\s*)?\}')
"""An item may be referred to without saying so: its type can be left out.
Source: https://platform.openai.com/docs/api-reference/responses/create (item reference)."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

_Item = dict[str, Any]


def may_refer(body: bytes) -> bool:
    """Whether a request could want state; False: it certainly does not."""
    if any(word in body for word in _WORDS):
        return True
    return _ID in body and _ID_LAST.search(body) is not None


async def whole_request(body: dict[str, Any], kept: KeptAnswers, project: str) -> dict[str, Any]:
    """The request with all that it refers to put in.

    Args:
        body: the request, decoded.
        kept: the answers.
        project: whose answers it may refer to.

    Raises:
        Refusal: ``not_found``, naming the answer or item; ``invalid``, ``too_large``.
    """
    previous = body.get("previous_response_id")
    if previous is not None:
        check.string("previous_response_id", previous)
        if body.get("conversation") is not None:
            check.wrong("conversation", body["conversation"], "left out beside a previous response")
        chain = await _chain(previous, kept, project)
        body = continued(body, [item for one in chain for item in items_of(one)])
    items = body.get("input")
    if type(items) is list and any(map(refers, items)):
        body = await _with_items(body, items, kept, project)
    return body


def written(body: dict[str, Any]) -> bytes:
    """The request in JSON.

    Raises:
        Refusal: ``too_large``.
    """
    data = _encode(body)
    if len(data) > INPUT_BYTES_MAX:
        raise Refusal(
            "too_large",
            f"This request and what it continues have {len(data)} bytes; at most "
            f"{INPUT_BYTES_MAX} can be served. Begin a new conversation.",
            param="previous_response_id",
        )
    return data


def items_of(saved: Saved) -> list[_Item]:
    """Everything that was said in one request and its answer."""
    items: list[_Item] = _decode(saved.input)
    return items + output_of(saved)


def output_of(saved: Saved) -> list[_Item]:
    """The items of an answer."""
    output: list[_Item] = _decode(saved.response).get("output") or []
    return output


async def _chain(previous: str, kept: KeptAnswers, project: str) -> list[Saved]:
    try:
        chain = await kept.chain(previous, project)
    except Missing as missing:
        if missing.id != previous:
            raise Refusal(
                "not_found",
                f"The response '{previous[:80]}' continues '{missing.id[:80]}', which was deleted "
                "or has expired. Send the whole conversation as 'input'.",
                code="previous_response_not_found",
                param="previous_response_id",
            ) from None
        raise not_found(previous) from None
    status = chain[-1].status
    if status in ("completed", "incomplete"):
        return chain
    words = "is not finished yet" if status in ("queued", "in_progress") else f"was {status}"
    if status == "failed":
        words = "has failed"
    raise Refusal(
        "invalid",
        f"The response '{previous[:80]}' {words}, so nothing can follow it.",
        param="previous_response_id",
    )


async def _with_items(
    body: dict[str, Any], items: list[Any], kept: KeptAnswers, project: str
) -> dict[str, Any]:
    wanted = {str(item.get("id")) for item in items if refers(item)}
    if len(wanted) > REFERENCES_MAX:
        accepted = f"at most {REFERENCES_MAX} references"
        check.wrong("input", f"{len(wanted)} references", accepted)
    found: dict[str, _Item] = {}
    for answer_id in {_answer_of(item_id) for item_id in wanted}:
        saved = await kept.get(answer_id, project)
        if saved is not None:
            found |= {str(item["id"]): item for item in items_of(saved) if "id" in item}
    return resolved(body, found.get)


def _answer_of(item_id: str) -> str:
    """The id of the answer that an item was made with: both are made of the request's."""
    return "resp_" + item_id.partition("_")[2].partition("_")[0]
