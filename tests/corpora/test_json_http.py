"""JSON that is none, as bodies: each is refused with a 400, and nothing breaks the server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from glimway.surface.mounts import MOUNTS
from glimway.wire.chat.fit import MEMBERS
from kit import corpora
from kit.gateway import Gateway
from kit.http import Client, Response
from kit.provider import ScriptedProvider

FILES = corpora.json_files()
ASKED = b'{"model": "lab/m", "messages": [{"role": "user", "content": "Hello"}], "x": %s}'
PATHS = sorted({mount.path for mount in MOUNTS})


def post(client: Client, gateway: Gateway, path: str, body: bytes) -> Response:
    client.request("POST", path, {"content-type": "application/json", **gateway.headers()}, body)
    return client.read_response()


def check_refused(response: Response, name: str) -> None:
    assert response.status == 400, (name, response.status, response.body[:200])
    assert response.json()["error"]["message"], name


def test_the_data_are_all_there() -> None:
    counts = {kind: sum(name.startswith(kind) for name in FILES) for kind in ("y_", "n_", "i_")}
    assert counts == {"y_": 95, "n_": 188, "i_": 35}
    assert len(corpora.naughty_strings()) == 515


@pytest.mark.parametrize("path", PATHS)
def test_every_file_as_a_body_is_a_400(gateway: Gateway, path: str) -> None:
    """None of them is a request, so those that are JSON are refused as well."""
    with gateway.client() as client:
        for name, body in FILES.items():
            check_refused(post(client, gateway, path, body), name)
    assert gateway.running


def test_what_is_no_json_inside_a_request_is_a_400(gateway: Gateway) -> None:
    with gateway.client() as client:
        for name, inner in FILES.items():
            if name.startswith("n_"):
                body = ASKED.replace(b"%s", inner)
                check_refused(post(client, gateway, "/v1/chat/completions", body), name)


def test_what_is_json_passes_with_its_value(gateway: Gateway, parrot: ScriptedProvider) -> None:
    with gateway.client() as client:
        for name, inner in FILES.items():
            response = post(client, gateway, "/v1/chat/completions", ASKED.replace(b"%s", inner))
            if name.startswith("n_"):
                continue
            assert response.status in ((200,) if name.startswith("y_") else (200, 400)), name
            if response.status == 200:
                sent: Any = parrot.requests[-1].json()
                assert sent.get("x") == json.loads(inner), name


def test_openais_own_members_are_the_documents() -> None:
    schemas = corpora.openai_document()["components"]["schemas"]

    def properties(schema: dict[str, Any]) -> set[str]:
        if "$ref" in schema:
            return properties(schemas[schema["$ref"].rpartition("/")[2]])
        found = set(schema.get("properties", ()))
        return found.union(*(properties(part) for part in schema.get("allOf", ())))

    assert properties(schemas["CreateChatCompletionRequest"]) == MEMBERS
