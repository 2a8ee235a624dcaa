"""How many tokens a prompt has, before anyone answers it.

Knows the models' tokenizers where their files are configured, and the estimate for every other
model. Refuses to know dialects and paths.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from glimway.domain.catalog import Catalog
from glimway.domain.estimate import Estimates
from glimway.domain.prompt import Prompt, prompt_of
from glimway.engine.house import Latest
from glimway.engine.tokenizing import Tokenizer
from glimway.wire.refusal import Refusal
from glimway.wire.talk import Call

WAITING_MAX = 64
"""Prompts that wait for the one thread that counts; the next is told to come back."""


class Counted(NamedTuple):
    """How long a prompt is; ``estimated``: no tokenizer has counted all of it."""

    tokens: int
    estimated: bool


class Counting:
    """Counts prompts.

    Args:
        catalog: whose names are known; its models name their tokenizers' files.
        estimates: learned figures.
    """

    def __init__(self, catalog: Latest[Catalog], estimates: Estimates) -> None:
        self._catalog = catalog
        self._estimates = estimates
        self._tokenizers: dict[str, Tokenizer] = {}
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="glimway-count")
        self._waiting = 0

    def close(self) -> None:
        """Count no more."""
        self._beside.shutdown(wait=False, cancel_futures=True)

    async def count(self, call: Call, body_bytes: int) -> Counted:
        """Count a call's prompt.

        Args:
            call: what would be asked.
            body_bytes: size of the request's body, from which an estimate is made.

        Raises:
            Refusal: ``not_found``: there is no such model; ``unavailable``: too many wait.
        """
        resolved = self._catalog.now.resolve(call.model)
        file = "" if resolved.model is None else resolved.model.tokenizer
        prompt = prompt_of(call) if file else None
        tokens = None if prompt is None else await self._count(file, prompt)
        if prompt is None or tokens is None:
            return Counted(self._estimates.prompt_tokens(resolved.model_id, body_bytes), True)
        if prompt.whole:
            return Counted(tokens, False)
        # What is no text counts by estimate, as far as the rest of the body says.
        rest_bytes = max(0, body_bytes - sum(len(text) for text in prompt.texts))
        rest = self._estimates.prompt_tokens(resolved.model_id, rest_bytes)
        return Counted(tokens + rest, True)

    async def _count(self, file: str, prompt: Prompt) -> int | None:
        if self._waiting >= WAITING_MAX:
            raise Refusal("unavailable", "Too many prompts wait to be counted.", retry_after_s=1)
        tokenizer = self._tokenizers.get(file)
        if tokenizer is None:
            tokenizer = self._tokenizers[file] = Tokenizer(file)
        loop = asyncio.get_running_loop()
        self._waiting += 1
        try:
            tokens = await loop.run_in_executor(self._beside, tokenizer.count, prompt.texts)
        finally:
            self._waiting -= 1
        return None if tokens is None else tokens + prompt.added_tokens
