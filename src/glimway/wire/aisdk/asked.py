"""What a request says in its headers: the model, whether it streams, and the version spoken.

Knows the three headers that stand in the place of members of the body. Refuses to know any other:
keys, teams and traces are not this dialect's business.
Source: ``getModelConfigHeaders`` of the package ``@ai-sdk/gateway`` (github.com/vercel/ai).
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from glimway.wire import check
from glimway.wire.dialect import Headers
from glimway.wire.refusal import Refusal, shown
from glimway.wire.talk import Call

MODEL = "ai-language-model-id"
STREAMING = "ai-language-model-streaming"
VERSION = "ai-language-model-specification-version"

MODEL_CHARS_MAX = 256

Version = Literal["3", "4"]
VERSIONS: tuple[Version, ...] = ("3", "4")
VERSION_DEFAULT: Version = "4"
"""For callers without the SDK, who may leave the header out."""

_SPELLED = "specification"
"""Where a call keeps its version."""


class Asked(msgspec.Struct, frozen=True):
    """What the headers ask."""

    model: str
    stream: bool
    version: Version


def read_headers(headers: Headers, body: dict[str, Any]) -> Asked:
    """Read the headers.

    Args:
        headers: names in lower case.
        body: to name the likely mistake where a header is missing.

    Raises:
        Refusal: ``invalid`` or ``unsupported``, naming the header.
    """
    found = {name: value.decode("latin-1").strip() for name, value in headers if name in _WANTED}
    model = found.get(MODEL.encode(), "")
    if not model:
        hint = ". The body's 'model' is not read here" if "model" in body else ""
        purpose = f'a header that names the model, for example "zai/glm-4.7-flash"{hint}'
        check.missing(MODEL, purpose)
    check.string(MODEL, model, MODEL_CHARS_MAX)
    streaming = found.get(STREAMING.encode(), "false")
    if streaming not in ("true", "false"):
        check.wrong(STREAMING, streaming, 'the header "true" or "false"')
    return Asked(model, streaming == "true", _version(found.get(VERSION.encode())))


def _version(value: str | None) -> Version:
    if value is None:
        return VERSION_DEFAULT
    for version in VERSIONS:
        if value == version:
            return version
    raise Refusal(
        "unsupported",
        f"The header '{VERSION}' is {shown(value)}; this gateway speaks versions 3 and 4, which "
        "the package 'ai' has from 6 on. With an earlier one use an OpenAI-compatible provider "
        "at /v1.",
        param=VERSION,
    )


def keep_version(call: Call, version: Version) -> None:
    """Let the call know which version its answer is to be written in."""
    call.spelled[_SPELLED] = version


def version_of(call: Call) -> Version:
    """The version in which a call's answer is to be written."""
    kept = call.spelled.get(_SPELLED)
    return "3" if kept == "3" else "4"


_WANTED = frozenset(name.encode() for name in (MODEL, STREAMING, VERSION))
