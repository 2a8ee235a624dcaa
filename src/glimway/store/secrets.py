"""The secrets of this instance: random bytes in a file of its data folder.

Knows the file. Refuses to know what they are used for.

One secret a line, in base64, the newest first; it lies beside the database and not in it, so that a
copy of the database alone opens nothing. To replace a secret, put a new line in front: what was
sealed under the others can still be opened until their lines are taken out.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from glimway.store.errors import StoreError

NAME: Final = "secrets"
SECRET_BYTES: Final = 32
SECRETS_MAX: Final = 16
"""Secrets that are known at once."""
_FILE_MODE: Final = 0o600


def load(folder: Path, entropy: Callable[[int], bytes]) -> list[bytes]:
    """The secrets, the newest first; the first start makes one.

    Args:
        folder: the data folder, which exists.
        entropy: gives so many random bytes.

    Raises:
        StoreError: the file cannot be read or written, or holds something else.
    """
    path = folder / NAME
    try:
        try:
            text = path.read_text("ascii")
        except FileNotFoundError:
            text = _made(path, base64.b64encode(entropy(SECRET_BYTES)).decode() + "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"the instance's secrets in {path} cannot be read: {error}") from None
    lines = [line for line in text.split("\n") if line.strip()]
    if not 1 <= len(lines) <= SECRETS_MAX:
        raise StoreError(f"{path} must hold 1 to {SECRETS_MAX} lines, one secret on each")
    return [_read(path, at + 1, line) for at, line in enumerate(lines)]


def _made(path: Path, text: str) -> str:
    """Write the file whole or not at all; of two that start together, both read one."""
    temporary = path.with_name(f"{NAME}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return path.read_text("ascii")
    finally:
        temporary.unlink()
    return text


def _read(path: Path, number: int, line: str) -> bytes:
    try:
        secret = base64.b64decode(line.strip(), validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) < SECRET_BYTES:
        raise StoreError(
            f"line {number} of {path} is no secret: {SECRET_BYTES} random bytes in base64"
        )
    return secret
