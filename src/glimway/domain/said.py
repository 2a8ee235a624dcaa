"""What an operator says of a provider or of one of its endpoints, beside what is shipped.

Knows that a word about an endpoint counts before one about its provider, and that before what a
profile or a shipped offer says. Refuses to know where the words stand.
"""

from __future__ import annotations

from typing import Final

import msgspec


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The operator's words. None: not said.

    Args:
        weight: its share of the load among endpoints of much the same price; 0: only when no
            other is left.
        zdr: prompts and answers are not kept there.
        no_train: they train no model there.
        regions: where it runs.
        quantization: of the weights as served.
        context, max_output: tokens that it takes and gives.
    """

    weight: int | None = None
    zdr: bool | None = None
    no_train: bool | None = None
    regions: tuple[str, ...] | None = None
    quantization: str | None = None
    context: int | None = None
    max_output: int | None = None

    def over(self, below: Said) -> Said:
        """These words, and ``below``'s where nothing was said."""
        if self == NOTHING:
            return below
        own = {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not None
        }
        return msgspec.structs.replace(below, **own)


NOTHING: Final = Said()
