"""Files of tokenizers.

Knows how a file that the configuration names is tried before the first request needs it. Refuses
to read it whole: that takes a second, and many never count.
"""

from __future__ import annotations

import importlib.util
from typing import Final

from glimway.config.places import expanded
from glimway.config.table import Table
from glimway.wire.refusal import shown

LIBRARY: Final = "tokenizers"
TOKENIZER_MEND: Final = "give the path of the tokenizer.json that comes with the model's weights"
LIBRARY_MEND: Final = "install it with: pip install 'glimway[tokenizers]'"


def read_tokenizer(table: Table) -> str | None:
    """The ``tokenizer`` of a table as an absolute path, or None after a problem was noted too."""
    name = table.text("tokenizer")
    if name is None:
        return None
    path = table.scope.folder / expanded(name)
    try:
        with path.open("rb") as file:
            begins = file.read(1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no path"
        table.complain(["tokenizer"], f"{shown(name)} cannot be read: {reason}", TOKENIZER_MEND)
        return None
    if begins != b"{":
        table.complain(["tokenizer"], f"{shown(name)} is no JSON object", TOKENIZER_MEND)
        return None
    if importlib.util.find_spec(LIBRARY) is None:
        message = f"needs the library {LIBRARY}, which is not installed"
        table.complain(["tokenizer"], message, LIBRARY_MEND)
        return None
    return str(path.absolute())
