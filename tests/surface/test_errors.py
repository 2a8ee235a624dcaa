"""Every kind of refusal and fault, in the words of every mount: the contract's table."""

from __future__ import annotations

import json

import pytest

from glimway.engine.client import Refused
from glimway.surface.errors import ROWS, glm_error, messages_error, openai_error, paas_error
from glimway.wire.refusal import FAULT_KINDS, REFUSAL_KINDS, Fault, Refusal

TABLE = [
    # error, /v1 (status, type, code), /glm (status, code), /api/paas/v4 code, messages type
    (Refusal("invalid", "x", code="invalid_json"), (400, "invalid_request_error", "invalid_json"),
     (400, "token_mismatched"), "1210", "invalid_request_error"),
    (Refusal("invalid", "x", code="missing_field"), (400, "invalid_request_error", "missing_field"),
     (400, "token_mismatched"), "1213", "invalid_request_error"),
    (Refusal("invalid", "x"), (400, "invalid_request_error", "invalid_value"),
     (400, "token_mismatched"), "1214", "invalid_request_error"),
    (Refusal("context_too_long", "x"), (400, "invalid_request_error", "context_length_exceeded"),
     (400, "token_mismatched"), "1261", "invalid_request_error"),
    (Refusal("unsupported", "x"), (400, "invalid_request_error", "unsupported"),
     (400, "api_not_implemented"), "1212", "invalid_request_error"),
    (Refusal("content_filter", "x"), (400, "invalid_request_error", "content_filter"),
     (400, "token_mismatched"), "1301", "invalid_request_error"),
    (Refusal("unauthenticated", "x"), (401, "authentication_error", "invalid_api_key"),
     (401, "invalid_token"), "1002", "authentication_error"),
    (Refusal("unauthenticated", "x", code="missing_api_key"),
     (401, "authentication_error", "invalid_api_key"), (401, "invalid_token"), "1001",
     "authentication_error"),
    (Refusal("insufficient_quota", "x"), (402, "insufficient_quota", "insufficient_quota"),
     (402, "used_up"), "1113", "billing_error"),
    (Refusal("forbidden", "x"), (403, "permission_error", "forbidden"), (403, "forbidden"), "1220",
     "permission_error"),
    (Refusal("not_found", "x", code="model_not_found"), (404, "not_found_error", "model_not_found"),
     (404, "api_not_implemented"), "1211", "not_found_error"),
    (Refusal("too_large", "x"), (413, "invalid_request_error", "request_too_large"),
     (413, "token_mismatched"), "1210", "request_too_large"),
    (Refusal("rate_limited", "x"), (429, "rate_limit_error", "rate_limit_exceeded"),
     (429, "too_many_requests"), "1302", "rate_limit_error"),
    (Fault("rate_limited", "x"), (429, "rate_limit_error", "upstream_rate_limited"),
     (429, "too_many_requests"), "1305", "rate_limit_error"),
    (Refusal("unavailable", "x"), (503, "api_error", "service_unavailable"), (500, "api_error"),
     "1234", "overloaded_error"),
    (Fault("unreachable", "x"), (503, "api_error", "service_unavailable"), (500, "api_error"),
     "1234", "overloaded_error"),
    # The caller named a model that we list: that its provider has none such is not their mistake.
    (Fault("rejected", "x", status=404), (404, "not_found_error", "model_not_found"),
     (404, "api_not_implemented"), "1211", "not_found_error"),
    (Fault("rejected", "x", status=400, lacks=True), (404, "not_found_error", "model_not_found"),
     (404, "api_not_implemented"), "1211", "not_found_error"),
    (Fault("rejected", "x", status=422), (400, "invalid_request_error", "invalid_value"),
     (400, "token_mismatched"), "1214", "invalid_request_error"),
    (Fault("broken", "x"), (502, "api_error", "upstream_error"), (500, "api_error"), "1230",
     "api_error"),
    (Fault("timeout", "x"), (504, "api_error", "timeout"), (500, "api_error"), "1234",
     "timeout_error"),
]  # fmt: skip


def said(refused: Refused) -> dict[str, object]:
    body = json.loads(refused.body)
    assert isinstance(body, dict)
    return body


@pytest.mark.parametrize(("error", "v1", "glm", "paas", "messages"), TABLE)
def test_the_table_of_the_contract(
    error: Refusal | Fault,
    v1: tuple[int, str, str],
    glm: tuple[int, str],
    paas: str,
    messages: str,
) -> None:
    refused = openai_error(error, "t1")
    body = said(refused)
    inner = body["error"]
    assert isinstance(inner, dict)
    assert (refused.status, inner["type"], inner["code"]) == v1
    assert body["trace_id"] == "t1"
    assert set(inner) == {"message", "type", "param", "code"}

    refused = glm_error(error, "t1")
    assert (refused.status, said(refused)["error"]["code"]) == glm  # type: ignore[index]
    assert set(said(refused)) == {"trace_id", "error"}

    refused = paas_error(error, "t1")
    assert (refused.status, said(refused)["error"]["code"]) == (v1[0], paas)  # type: ignore[index]

    refused = messages_error(error, "t1")
    body = said(refused)
    assert (body["type"], body["error"]["type"], body["request_id"]) == ("error", messages, "t1")  # type: ignore[index]
    assert refused.status == (529 if v1[0] == 503 else v1[0])


def test_every_kind_has_a_row_and_every_mount_spells_it() -> None:
    errors: list[Refusal | Fault] = [Refusal(kind, "words") for kind in REFUSAL_KINDS]  # type: ignore[arg-type]
    errors += [Fault(kind, "inner secret") for kind in FAULT_KINDS]  # type: ignore[arg-type]
    for error in errors:
        for spell in (openai_error, glm_error, paas_error, messages_error):
            refused = spell(error, "t")
            assert 400 <= refused.status < 600
            assert b"inner secret" not in refused.body
    assert set(REFUSAL_KINDS) <= set(ROWS)


def test_retry_after_comes_with_every_429_and_503_in_whole_seconds_rounded_up() -> None:
    for error in (Refusal("rate_limited", "x", retry_after_s=1.2), Fault("overloaded", "x")):
        refused = openai_error(error, "t")
        assert dict(refused.headers)[b"retry-after"] in (b"2", b"1")
    assert openai_error(Refusal("invalid", "x"), "t").headers == ()


def test_the_glm_mount_says_its_documented_words_when_nobody_answers() -> None:
    body = said(glm_error(Fault("unreachable", "10.0.0.1 refused"), "t"))
    words = "Service is temporarily unavailable, please retry later."
    assert body["error"] == {"code": "api_error", "message": words}


def test_a_provider_that_means_our_refusal_is_answered_as_that_refusal() -> None:
    fault = Fault(
        "rejected", "400 1261 too long", message="Prompt too long", refusal="context_too_long"
    )
    refused = openai_error(fault, "t")
    assert refused.status == 400
    assert b"context_length_exceeded" in refused.body
    assert b"Prompt too long" in refused.body
