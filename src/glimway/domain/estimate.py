"""How many tokens a request will probably use, before anyone has counted.

Knows what was observed of each model: bytes of request per prompt token, and how long answers are.
Refuses to know tokenizers, prices and limits.

An estimate serves three ends, and each wants another side of the truth. A limit wants the expected
figure (``prompt_tokens``, ``output_tokens``), because it is corrected when the truth is known. A
hold wants a figure that is seldom too small (``hold_tokens``). A charge for usage that was never
reported wants the expected figure without margin (``prompt_tokens``, ``text_tokens``).
"""

from __future__ import annotations

from math import ceil
from typing import Final

BYTES_PER_TOKEN_START: Final = 4.0
"""English prose and code in JSON under GLM's tokenizer are near four bytes a token."""
BYTES_PER_TOKEN_MIN: Final = 1.0
BYTES_PER_TOKEN_MAX: Final = 8.0
"""More comes from media inside the body; learning that would make text look far too small."""
OUTPUT_TOKENS_START: Final = 500.0
OUTPUT_TOKENS_MAX: Final = 1_000_000.0
HOLD_MARGIN: Final = 1.25
START_WEIGHT: Final = 4
"""The starting figure counts as this many observations."""
MEMORY_OBSERVATIONS: Final = 64
"""An observation's weight falls to 1/e after this many others."""
OBSERVED_TOKENS_MAX: Final = 200_000
"""One prompt counts as at most this many tokens, so that none outweighs all others."""
MODELS_MAX: Final = 4096
"""Models with figures of their own; the one that was longest unobserved is forgotten."""
_START_TOKENS: Final = 1000.0


class Learned:
    """What is known of one model.

    Prompts are learned as a ratio of two fading sums and not as a mean of ratios: the JSON around
    a one-word prompt has many bytes and few tokens, and a thousand of those must not make a long
    prompt look small.

    Args:
        bytes_per_token: where to start, from the catalog.
        output_tokens: mean length of an answer to start from.
    """

    __slots__ = ("_bytes", "_count", "_output", "_tokens")

    def __init__(
        self,
        bytes_per_token: float = BYTES_PER_TOKEN_START,
        output_tokens: float = OUTPUT_TOKENS_START,
    ) -> None:
        ratio = min(max(bytes_per_token, BYTES_PER_TOKEN_MIN), BYTES_PER_TOKEN_MAX)
        self._bytes = ratio * _START_TOKENS
        self._tokens = _START_TOKENS
        self._output = min(max(output_tokens, 1.0), OUTPUT_TOKENS_MAX)
        self._count = START_WEIGHT

    @property
    def bytes_per_token(self) -> float:
        """Between ``BYTES_PER_TOKEN_MIN`` and ``BYTES_PER_TOKEN_MAX``."""
        return self._bytes / self._tokens

    @property
    def mean_output_tokens(self) -> float:
        """Length of a usual answer, thinking included."""
        return self._output

    def prompt_tokens(self, request_bytes: int) -> int:
        """Expected prompt tokens of a request body of this size."""
        return ceil(request_bytes * self._tokens / self._bytes)

    def text_tokens(self, characters: int) -> int:
        """Expected tokens of a delivered text. A character counts as a byte."""
        return ceil(characters * self._tokens / self._bytes)

    def output_tokens(self, max_tokens: int | None, cap: int) -> int:
        """Expected tokens of the answer: the usual length, within what the caller allows.

        Args:
            max_tokens: the caller's own bound, None when there is none.
            cap: the model's bound.
        """
        return min(ceil(self._output), cap if max_tokens is None else min(max_tokens, cap))

    def hold_tokens(self, request_bytes: int, max_tokens: int | None, cap: int) -> tuple[int, int]:
        """Prompt and answer tokens to reserve credit for: the prompt with its margin and the
        longest answer allowed.

        Args:
            request_bytes: size of the request body.
            max_tokens: the caller's own bound, None when there is none.
            cap: the model's bound.
        """
        prompt = ceil(request_bytes * self._tokens / self._bytes * HOLD_MARGIN)
        return prompt, cap if max_tokens is None else min(max_tokens, cap)

    def observe(self, request_bytes: int, prompt_tokens: int, output_tokens: int) -> None:
        """Learn from what a provider reported; figures that cannot be are left out.

        Args:
            request_bytes: size of the request body.
            prompt_tokens: all prompt tokens, cached ones included.
            output_tokens: all answer tokens, thinking included.
        """
        if self._count < MEMORY_OBSERVATIONS:
            self._count += 1
        share = 1.0 / self._count
        if request_bytes > 0 and prompt_tokens > 0:
            few = prompt_tokens < OBSERVED_TOKENS_MAX
            tokens = float(prompt_tokens if few else OBSERVED_TOKENS_MAX)
            ratio = request_bytes / prompt_tokens
            if not BYTES_PER_TOKEN_MIN <= ratio <= BYTES_PER_TOKEN_MAX:
                ratio = BYTES_PER_TOKEN_MIN if ratio < BYTES_PER_TOKEN_MIN else BYTES_PER_TOKEN_MAX
            self._tokens += (tokens - self._tokens) * share
            self._bytes += (tokens * ratio - self._bytes) * share
        if output_tokens > 0:
            output = output_tokens if output_tokens < OUTPUT_TOKENS_MAX else OUTPUT_TOKENS_MAX
            self._output += (output - self._output) * share


class Estimates:
    """What is known of every model; a model nobody knows has the starting figures.

    Args:
        models_max: how many models may have figures of their own.
    """

    __slots__ = ("_learned", "_models_max", "_start")

    def __init__(self, models_max: int = MODELS_MAX) -> None:
        self._models_max = models_max
        self._learned: dict[str, Learned] = {}
        self._start = Learned()

    def start(self, model: str, bytes_per_token: float, output_tokens: float) -> None:
        """Begin with the catalog's figures, unless the model was observed already."""
        if model not in self._learned:
            self._keep(model, Learned(bytes_per_token, output_tokens))

    def of(self, model: str) -> Learned:
        """The figures of one model, to read."""
        return self._learned.get(model, self._start)

    def prompt_tokens(self, model: str, request_bytes: int) -> int:
        """``Learned.prompt_tokens`` of one model."""
        return self.of(model).prompt_tokens(request_bytes)

    def text_tokens(self, model: str, characters: int) -> int:
        """``Learned.text_tokens`` of one model."""
        return self.of(model).text_tokens(characters)

    def output_tokens(self, model: str, max_tokens: int | None, cap: int) -> int:
        """``Learned.output_tokens`` of one model."""
        return self.of(model).output_tokens(max_tokens, cap)

    def hold_tokens(
        self, model: str, request_bytes: int, max_tokens: int | None, cap: int
    ) -> tuple[int, int]:
        """``Learned.hold_tokens`` of one model."""
        return self.of(model).hold_tokens(request_bytes, max_tokens, cap)

    def observe(
        self, model: str, request_bytes: int, prompt_tokens: int, output_tokens: int
    ) -> None:
        """``Learned.observe`` of one model."""
        learned = self._learned.pop(model, None) or Learned()
        learned.observe(request_bytes, prompt_tokens, output_tokens)
        self._keep(model, learned)

    def _keep(self, model: str, learned: Learned) -> None:
        # A dict keeps the order of insertion, so its first entry is the longest unobserved.
        self._learned[model] = learned
        if len(self._learned) > self._models_max:
            del self._learned[next(iter(self._learned))]
