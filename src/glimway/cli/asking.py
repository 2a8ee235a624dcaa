"""The command line's question to a running server: where would a request go now?

Knows the path, the key and what can go wrong on the way. Refuses to plan anything itself.
"""

from __future__ import annotations

import http.client
import json
import os
from typing import Any, Final
from urllib.parse import urlsplit

from glimway.cli.plans import Question, body_of
from glimway.cli.terminal import fail
from glimway.engine.planned import Planned

ADMIN_KEY: Final = "GLIMWAY_ADMIN_KEY"
TIMEOUT_S: Final = 10.0
ANSWER_BYTES_MAX: Final = 16 * 1024**2
_PATH: Final = "/admin/v1/routes"


def asked(question: Question, server: str) -> Planned:
    """The plan of a running server, which knows who is well and quick.

    Args:
        question: what is asked.
        server: its address, such as ``http://127.0.0.1:8000``.
    """
    key = os.environ.get(ADMIN_KEY)
    if not key:
        fail(f"asking a server needs the administrator's key in {ADMIN_KEY}")
    body: dict[str, Any] = {"model": question.model, "project": question.project}
    if question.prepaid:
        body["prepaid"] = True
    if question.request is not None:
        body |= {"request": body_of(question)[0], "dialect": question.dialect}
    document = _sent(server, key, body)
    refusal = document.get("refusal")
    return Planned(document, refusal["message"] if refusal else "")


def _sent(server: str, key: str, body: dict[str, Any]) -> dict[str, Any]:
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        fail(f"{server} is no address of a server: write http://HOST:PORT")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=TIMEOUT_S)
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    try:
        connection.request("POST", parts.path.rstrip("/") + _PATH, json.dumps(body), headers)
        response = connection.getresponse()
        status, answer = response.status, response.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        fail(f"{server} cannot be asked: {reason}")
    finally:
        connection.close()
    document: dict[str, Any] = {}
    try:
        document = json.loads(answer)
        words = "" if status == http.client.OK else document["error"]["message"]
    except (ValueError, KeyError, TypeError):
        words = f"it answers with {status}, and not as a Glimway does"
    if words:
        fail(f"{server}: {words}")
    return document
