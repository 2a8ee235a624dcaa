"""Host families as data: what each kind of GLM host really sends.

Knows which families there are and which one a model's name means. Refuses to know their shapes
(``hosted`` and ``engines`` hold them) and how an answer comes to be.
"""

from __future__ import annotations

from typing import Final

from glimway.sandbox.families.engines import LLAMACPP, SGLANG, VLLM
from glimway.sandbox.families.hosted import (
    ACEDATA,
    CEREBRAS,
    DEEPINFRA,
    MISTRAL,
    OPENAI,
    OPENROUTER,
    ZAI,
)
from glimway.sandbox.family import Family

FAMILIES: Final[dict[str, Family]] = {
    family.name: family
    for family in (
        ZAI,
        OPENAI,
        DEEPINFRA,
        ACEDATA,
        OPENROUTER,
        VLLM,
        SGLANG,
        LLAMACPP,
        CEREBRAS,
        MISTRAL,
    )
}


def family_of(model: str) -> Family:
    """The family that a model's name means where nothing else says so: Z.ai's for GLM names."""
    return ZAI if "glm" in model.lower() else OPENAI
