"""What a client can ask for: one model, whoever serves it.

Knows the facts that belong to the model itself. Refuses to know prices and hosts: those are
offers. The values stand in ``data/models/*.toml`` with where they were read and when.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from glimway.domain.profile import Source

Capability = Literal[
    "tools",
    "tool_choice",  # required and named, not only auto and none
    "parallel_tools",
    "tool_stream",  # arguments arrive in pieces
    "reasoning",
    "reasoning_effort",
    "preserved_thinking",  # earlier turns' thinking can stay in context
    "json_object",
    "json_schema",
    "vision",
    "video",
    "files",
    "web_search",
    "cache",  # repeated prompts cost less
]

Thinking = Literal["none", "optional", "always"]
"""``always``: it thinks whatever is asked. ``optional``: a caller can turn it off."""

BYTES_PER_TOKEN_DEFAULT = 4.0
"""Bytes of a request body for one prompt token, until it is learned."""
MEAN_OUTPUT_TOKENS_DEFAULT = 800
"""Tokens of a usual answer, thinking included, until it is learned."""


class Advice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``when`` a caller should rather take ``model``."""

    when: str
    model: str


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model.

    Args:
        id: ``maker/name``; ``maker/*`` is a family whose names pass as they are.
        name: for people.
        about: one sentence.
        aliases: every other spelling in use, as far as folding does not make it the same.
        category: what it is for.
        inputs, outputs: what it reads and writes.
        context: input and output tokens together.
        max_output: output tokens at most, thinking included.
        default_max_tokens: what its maker's API assumes when a caller says nothing.
        parameters_total, parameters_active: weights in all, and used for one token.
        licence: of the weights.
        weights: link to the weights, empty where they are closed.
        thinking: whether it can be turned off.
        capabilities: what it can do at its best host; an offer may have fewer.
        released: day of its release.
        knowledge: where its training data ends.
        best_for, consider_instead: advice for people who choose.
        bytes_per_token, mean_output_tokens: where estimates begin.
        parameters: which table of request parameters it has (``data/parameters.toml``).
        tokenizer: path of its tokenizer's file, empty: prompts are estimated.
        deprecated: why it should not be chosen any more, empty otherwise.
        sources, checked, unverified: as on a profile.
    """

    id: str
    name: str = ""
    about: str = ""
    aliases: tuple[str, ...] = ()
    category: Literal["text", "vision", "other"] = "text"
    inputs: tuple[Literal["text", "image", "video", "file", "audio"], ...] = ("text",)
    outputs: tuple[Literal["text", "image", "audio"], ...] = ("text",)
    context: int | None = None
    max_output: int | None = None
    default_max_tokens: int | None = None
    parameters_total: int | None = None
    parameters_active: int | None = None
    licence: str = ""
    weights: str = ""
    thinking: Thinking = "optional"
    capabilities: frozenset[Capability] = frozenset()
    released: date | None = None
    knowledge: str = ""
    best_for: tuple[str, ...] = ()
    consider_instead: tuple[Advice, ...] = ()
    bytes_per_token: float = BYTES_PER_TOKEN_DEFAULT
    mean_output_tokens: int = MEAN_OUTPUT_TOKENS_DEFAULT
    parameters: str = ""
    tokenizer: str = ""
    deprecated: str = ""
    sources: tuple[Source, ...] = ()
    checked: date | None = None
    unverified: tuple[str, ...] = ()

    @property
    def maker(self) -> str:
        """Who made it: the id's prefix."""
        return self.id.partition("/")[0]

    @property
    def open_family(self) -> bool:
        """Whether every name below the prefix is one of its own."""
        return self.id.endswith("/*")
