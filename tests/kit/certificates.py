"""Certificates for a server under test, made when a test needs them.

Knows how to ask the ``openssl`` command for an authority and a server certificate that it signed,
also for those that a client must refuse.
Refuses to keep any: a key that is stored is a key that somebody trusts one day.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

NAMES = ("DNS:localhost", "IP:127.0.0.1", "IP:::1")
"""What a certificate is good for unless told otherwise."""

_AUTHORITY = """
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = Test authority
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""

_SERVER = """
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


@dataclass(frozen=True)
class Certificates:
    """Paths of PEM files."""

    authority: Path
    """What a client must trust."""
    certificate: Path
    key: Path


def make(folder: Path, names: tuple[str, ...] = NAMES, days: int = 2) -> Certificates:
    """Make an authority and a server certificate.

    Args:
        folder: an existing folder of the test's own.
        names: subject alternative names, as openssl spells them (``DNS:localhost``).
        days: how long the server's certificate is good; -1: it ended yesterday.

    Raises:
        subprocess.CalledProcessError: openssl refused; its words are in ``stderr``.
    """
    (folder / "authority.cnf").write_text(_AUTHORITY)
    (folder / "server.cnf").write_text(_SERVER.format(names=", ".join(names)))
    new_key = ("-newkey", "rsa:2048", "-nodes")
    _openssl(
        *("req", "-x509", *new_key, "-days", "2", "-config", "authority.cnf"),
        *("-keyout", "authority.key", "-out", "authority.pem"),
        folder=folder,
    )
    _openssl(
        *("req", "-new", *new_key, "-config", "authority.cnf"),
        *("-keyout", "server.key", "-out", "server.csr"),
        folder=folder,
    )
    _openssl(
        *("x509", "-req", "-in", "server.csr", "-days", str(days), "-extfile", "server.cnf"),
        *("-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"),
        *("-out", "server.pem"),
        folder=folder,
    )
    return Certificates(folder / "authority.pem", folder / "server.pem", folder / "server.key")


def self_signed(folder: Path, names: tuple[str, ...] = NAMES) -> Certificates:
    """Make a server certificate that nobody but itself signed; it is its own authority.

    Args:
        folder: an existing folder of the test's own.
        names: as for ``make``.

    Raises:
        subprocess.CalledProcessError: openssl refused; its words are in ``stderr``.
    """
    text = _AUTHORITY.replace("subjectKeyIdentifier", f"subjectAltName = {', '.join(names)}\n#")
    (folder / "self.cnf").write_text(text.replace("CA:true", "CA:false"))
    _openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-config", "self.cnf"),
        *("-keyout", "self.key", "-out", "self.pem"),
        folder=folder,
    )
    return Certificates(folder / "self.pem", folder / "self.pem", folder / "self.key")


def _openssl(*arguments: str, folder: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)
