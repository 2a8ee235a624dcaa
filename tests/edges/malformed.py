"""All requests that must be refused.

Knows where they are written. Refuses to hold any itself.
"""

from __future__ import annotations

from edges.chunking import CHUNKING
from edges.framing import FRAMING
from edges.lines import LINES
from edges.starts import STARTS

MALFORMED = (*STARTS, *LINES, *FRAMING, *CHUNKING)
