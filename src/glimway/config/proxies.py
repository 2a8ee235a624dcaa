"""Forward proxies: whose word counts, and what may stand where.

Knows the places that name a proxy (the provider, ``[client]``, the usual variables) and which one a
provider's requests go through. Refuses to know how a proxy is spoken to.

The variables are read as curl, Python and Go read them: the small spelling before the capital one,
``no_proxy`` with names, their subdomains, addresses and networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit

import msgspec

from glimway.config.problem import ENVIRONMENT, Problem
from glimway.config.references import FORMS, read_secret
from glimway.config.secrets import Secret
from glimway.config.table import Table
from glimway.domain.proxy import FORM, Proxy, read_proxy
from glimway.domain.reach import address_of, reach_of

DIRECT: Final = "none"
"""What is written where no proxy shall be used."""

MEND: Final = f'write "{FORM}", or "{DIRECT}" to use none'


class Surroundings(msgspec.Struct, frozen=True):
    """What the usual variables say.

    Args:
        http: the proxy for ``http`` URLs, or None.
        https: the proxy for ``https`` URLs, or None.
        exempt: ``no_proxy``, its entries in small letters.
    """

    http: Secret | None = None
    https: Secret | None = None
    exempt: tuple[str, ...] = ()

    def proxy_for(self, url: str) -> Secret | None:
        """The proxy that the variables name for a URL."""
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if any(_matches(entry, host, port) for entry in self.exempt):
            return None
        return self.https if parts.scheme == "https" else self.http


def surroundings(environ: Mapping[str, str]) -> Surroundings:
    """Read the usual variables; an empty one counts as not set."""
    exempt = _variable(environ, "no_proxy")
    entries = "" if exempt is None else exempt.reveal().lower().replace(",", " ")
    every = _variable(environ, "all_proxy")
    return Surroundings(
        # A program that answers requests by CGI finds a header of theirs, "Proxy", in HTTP_PROXY
        # (https://httpoxy.org); there only the small spelling is the operator's.
        http=_variable(environ, "http_proxy", capital="REQUEST_METHOD" not in environ) or every,
        https=_variable(environ, "https_proxy") or every,
        exempt=tuple(entries.split()),
    )


def chosen(
    url: str, own: Secret | None, client: Secret | None, around: Surroundings, *, private: bool
) -> Secret | None:
    """The proxy of one provider, or None: its own word, else ``[client]``'s, else the variables'.

    A provider on this machine or on the operator's network is only sent through a proxy that it
    names itself: no proxy for the internet leads there.

    Args:
        url: the provider's base URL.
        own: what the provider itself says.
        client: what ``[client]`` says.
        around: what the variables say.
        private: the provider may be at a private address.
    """
    said = own
    if said is None:
        if private or reach_of(urlsplit(url).hostname or "") != "public":
            return None
        said = client if client is not None else around.proxy_for(url)
    return None if said is None or said.reveal().lower() == DIRECT else said


def proxy_of(said: Secret | None) -> Proxy | None:
    """The proxy that a checked text names."""
    return None if said is None else read_proxy(said.reveal())


def complaint_of(text: str) -> str | None:
    """What is wrong with a proxy's URL, or None; no password is shown."""
    if text.lower() == DIRECT:
        return None
    try:
        read_proxy(text)
    except ValueError as error:
        return str(error)
    return None


def read_proxy_field(table: Table, name: str) -> Secret | None:
    """A proxy in the file: its URL, or a reference where that holds a password.

    Returns None after a problem was noted, too.
    """
    value = table.values.get(name)
    if isinstance(value, str) and value.strip():
        text = value.strip()
        if "@" in text:
            mend = f"write {name} = {FORMS}, and make a new password if others may have seen it"
            table.complain([name], "holds a user name or a password", mend)
            return None
        secret: Secret | None = Secret(text, f"{table.scope.shown_path}:{table.line(name)}")
    else:
        secret = read_secret(table, name)
    if secret is None:
        return None
    wrong = complaint_of(secret.reveal())
    if wrong is not None:
        table.complain([name], wrong, MEND)
        return None
    return secret


def read_proxy_text(text: str, variable: str) -> Secret | Problem:
    """A proxy that a variable of ours names."""
    wrong = complaint_of(text)
    if wrong is not None:
        return Problem(ENVIRONMENT, 0, variable, wrong, MEND)
    return Secret(text, variable)


def surroundings_problem(said: Secret | None) -> Problem | None:
    """What is wrong with a usual variable that a provider would be reached by, or None."""
    wrong = None if said is None else complaint_of(said.reveal())
    if said is None or wrong is None:
        return None
    mend = f"write {FORM}, or add client.proxy to glimway.toml ({DIRECT!r}: use none)"
    return Problem(ENVIRONMENT, 0, said.source, wrong, mend)


def _variable(environ: Mapping[str, str], name: str, *, capital: bool = True) -> Secret | None:
    for variable in (name, name.upper()) if capital else (name,):
        value = environ.get(variable, "").strip()
        if value:
            return Secret(value, variable)
    return None


def _matches(entry: str, host: str, port: int) -> bool:
    """Whether one entry of ``no_proxy`` means a host: ``*``, a name and those below it, an address,
    a network, each with a port where it names one."""
    if entry == "*":
        return True
    address = address_of(host)
    if "/" in entry:
        try:
            return address is not None and address in ip_network(entry, strict=False)
        except ValueError:
            return False
    name, only = _with_port(entry)
    if only is not None and only != port:
        return False
    if address is not None:
        return address_of(name) == address
    name = name.removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _with_port(entry: str) -> tuple[str, int | None]:
    if entry.startswith("["):
        inner, _, after = entry[1:].partition("]")
        digits = after.removeprefix(":")
    elif entry.count(":") == 1:
        inner, _, digits = entry.partition(":")
    else:
        inner, digits = entry, ""
    return inner, int(digits) if digits.isascii() and digits.isdigit() else None
