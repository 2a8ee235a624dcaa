from __future__ import annotations

import json

import msgspec
import pytest

from glimway.wire.aisdk.account import (
    Generation,
    Listed,
    config_body,
    credits_body,
    generation_body,
)
from glimway.wire.aisdk.errors import TYPES, Words, error_body, error_part


@pytest.mark.parametrize(
    ("given", "code", "kind"),
    [
        ("invalid_request_error", "invalid_value", "invalid_request_error"),
        ("authentication_error", "invalid_api_key", "authentication_error"),
        ("insufficient_quota", "insufficient_quota", "forbidden"),
        ("permission_error", "forbidden", "forbidden"),
        ("not_found_error", "model_not_found", "model_not_found"),
        ("not_found_error", "not_found", "not_found"),
        ("rate_limit_error", "rate_limit_exceeded", "rate_limit_exceeded"),
        ("rate_limit_error", "upstream_rate_limited", "rate_limit_exceeded"),
        ("api_error", "service_unavailable", "internal_server_error"),
        ("something_new", "x", "internal_server_error"),
    ],
)
def test_an_error_has_a_type_that_the_sdk_knows(given: str, code: str, kind: str) -> None:
    body = error_body(Words("No.", given, code, "model"), "01x", "gen_")
    assert body == {
        "error": {"message": "No.", "type": kind, "param": "model", "code": code},
        "generationId": "gen_01x",
        "trace_id": "01x",
    }


def test_each_type_is_one_that_the_sdk_has_a_class_for() -> None:
    assert set(TYPES.values()) <= {
        "authentication_error",
        "invalid_request_error",
        "rate_limit_exceeded",
        "model_not_found",
        "not_found",
        "forbidden",
        "failed_dependency",
        "internal_server_error",
    }


def test_the_part_of_a_stream_says_what_the_body_says() -> None:
    body = msgspec.json.encode(error_body(Words("No.", "api_error", "timeout"), "01x", "gen_"))
    part = json.loads(error_part(body))
    assert part["type"] == "error"
    assert part["error"]["message"] == "No."
    assert part["error"]["generationId"] == "gen_01x"


def test_the_list_of_models() -> None:
    models = [
        Listed("zai/glm-4.7", "GLM 4.7", "Thinks.", "0.0000006", "0.0000022", "0.00000011"),
        Listed("lab/m", "m"),
    ]
    body = config_body(models, "3")
    assert body["models"][0] == {
        "id": "zai/glm-4.7",
        "name": "GLM 4.7",
        "specification": {
            "specificationVersion": "v3",
            "provider": "gateway",
            "modelId": "zai/glm-4.7",
        },
        "modelType": "language",
        "description": "Thinks.",
        "pricing": {
            "input": "0.0000006",
            "output": "0.0000022",
            "input_cache_read": "0.00000011",
        },
    }
    assert "pricing" not in body["models"][1]
    (entry,) = config_body(models[1:], "4")["models"]
    assert entry["specification"]["specificationVersion"] == "v4"


def test_credits() -> None:
    assert credits_body("9.5", "0.5") == {"balance": "9.5", "total_used": "0.5"}


def test_a_generation() -> None:
    one = Generation(
        id="gen_01x",
        model="zai/glm-4.7",
        provider="zai",
        created_ms=1_700_000_000_123,
        cost_usd=b"0.00000125",
        streamed=True,
        end="stop",
        latency_ms=12,
        duration_ms=34,
        input=10,
        output=7,
        reasoning=4,
        cached=3,
    )
    data = json.loads(msgspec.json.encode(generation_body(one)))["data"]
    assert data["created_at"] == "2023-11-14T22:13:20.123Z"
    assert data["total_cost"] == data["usage"] == 1.25e-06
    assert data["native_tokens_prompt"] == 10
    assert data["billable_web_search_calls"] == 0
