"""What can go wrong where things are kept.

Knows the failures of the journal and of the database, each with a sentence an operator can act
on. Refuses to know how a caller is answered: the floors above turn these into refusals (503).
"""

from __future__ import annotations


class StoreError(Exception):
    """Any failure of this floor. The text is for the operator, never for an API caller."""


class JournalError(StoreError):
    """Any failure of the journal."""


class JournalFull(JournalError):
    """The journal holds as many bytes as it may; nothing was written.

    Space comes back when the drain has moved records to the database.
    """


class JournalBroken(JournalError):
    """The disk did not take a record, or cannot promise that it keeps one; nothing was kept.

    Args:
        reason: what the disk said.
        errno: its error number, where there was one (``errno.ENOSPC``, ``errno.EIO``).
    """

    def __init__(self, reason: str, errno: int | None = None) -> None:
        super().__init__(reason)
        self.errno = errno


class JournalCorrupt(JournalError):
    """Records that were once whole cannot be read any more.

    Args:
        segment: file name of the damaged segment.
        offset: byte offset in that file of the first record that cannot be read.
        reason: what does not fit.
    """

    def __init__(self, segment: str, offset: int, reason: str) -> None:
        super().__init__(
            f"journal segment {segment} is damaged at byte {offset}: {reason}. Nothing was "
            "changed; `glimway ledger repair` shows what would be lost."
        )
        self.segment = segment
        self.offset = offset
        self.reason = reason


class JournalLocked(JournalError):
    """Another process already writes to this data folder."""


class DatabaseError(StoreError):
    """Any failure of the database."""


class DatabaseAway(DatabaseError):
    """The database is locked, full, unreachable or failing; the same call may work later."""


class DatabaseBusy(DatabaseError):
    """Too many jobs already wait for the database (see the bounds in ``database``)."""


class DatabaseClosed(DatabaseError):
    """The database was closed before this call."""


class DatabaseUnsupported(DatabaseError):
    """The database's address or its schema version is not one this release can serve."""
