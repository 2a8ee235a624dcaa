"""Special tokens of the model that a host let through into the text.

Knows the box tokens of GLM's vision models, which are dropped, and the tokens that stop GLM, which
are dropped at the very end of a text only. Refuses to touch ``</s>`` and its like: they are HTML
to many, and ``sieve`` drops them only where they are a frame of their own.

Sources: docs.z.ai (vision models: ``<|begin_of_box|>``), GLM's generation_config (stop tokens),
github.com/ggml-org/llama.cpp/pull/15186 (``<|user|>`` at the end).
"""

from __future__ import annotations

import re

BOXES = ("<|begin_of_box|>", "<|end_of_box|>")
STOPS = ("<|user|>", "<|observation|>", "<|endoftext|>", "<|assistant|>", "<|system|>")

_BOX = re.compile("|".join(map(re.escape, BOXES)))

HELD_CHARS_MAX = 256
"""A stop token and the white space behind it; more than this is text."""


class Tokens:
    """Drops special tokens from one choice's text.

    Args:
        stops: tokens that a text may end in.
    """

    __slots__ = ("_held", "_markers", "_stops")

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._markers = BOXES + stops
        self._held = ""

    @property
    def busy(self) -> bool:
        """Whether something is held back."""
        return bool(self._held)

    def feed(self, piece: str) -> str:
        """The text without what is dropped or still held back."""
        text = _BOX.sub("", self._held + piece)
        self._held = ""
        at = text.find("<", max(0, len(text) - HELD_CHARS_MAX))
        while at >= 0:
            if self._may_end(text[at:]):
                self._held = text[at:]
                return text[:at]
            at = text.find("<", at + 1)
        return text

    def flush(self) -> str:
        """Something else follows: what was held back is text after all."""
        held, self._held = self._held, ""
        return held

    def end(self) -> str:
        """The text is over: what was held back, without stop tokens."""
        rest = held = self.flush()
        while rest := rest.rstrip():
            stop = next((token for token in self._stops if rest.endswith(token)), None)
            if stop is None:
                return held
            held = rest = rest[: -len(stop)]
        return held

    def _may_end(self, rest: str) -> bool:
        """Whether ``rest`` is stop tokens with space between, the last perhaps unfinished."""
        while rest:
            if any(token.startswith(rest) for token in self._markers):
                return True
            stop = next((token for token in self._stops if rest.startswith(token)), None)
            if stop is None:
                return False
            rest = rest[len(stop) :].lstrip()
        return True
