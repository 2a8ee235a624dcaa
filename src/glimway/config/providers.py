"""Reads ``[[providers]]``.

Knows every field of a provider and what can be wrong with it. Refuses to know what a profile does
beyond the three things that reading needs: that it exists, its base URL and its usual variables.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from glimway.config.addresses import base_url_complaint
from glimway.config.authorities import read_ca_file
from glimway.config.problem import given, listed, nearest
from glimway.config.proxies import read_proxy_field
from glimway.config.references import FORMS, is_sound, read_secret, read_secrets
from glimway.config.said import PROVIDER_WORDS, read_said
from glimway.config.secrets import Secret
from glimway.config.sections import read_deadlines
from glimway.config.settings import Deadlines
from glimway.config.shipped import SANDBOX, Shipped, usual_homes
from glimway.config.table import Table
from glimway.config.values import ProviderConfig
from glimway.domain.names import fold
from glimway.domain.profile import Profile
from glimway.domain.rotation import KEYS_MAX
from glimway.wire.refusal import shown

FIELDS: Final = {
    "id": "What endpoints and `NAME@provider` say. The id of a shipped profile is enough for it.",
    "profile": "Id of a shipped profile; without it, the provider's own id.",
    "base_url": "Everything before `/chat/completions`, `/responses` or `/messages`; without it, "
    "the profile's.",
    "private": "`true` consents to an address on this machine or a private network, and to http.",
    "api_key": '`{ env = "NAME" }` or `{ file = "PATH" }`; without it, the profile\'s usual '
    "variable, where the base URL is the profile's own.",
    "api_keys": "Several keys, in an array of such references, in place of `api_key`: the next one "
    "is used while one is limited, spent or refused.",
    **PROVIDER_WORDS,
    "deadlines": "A table like `[deadlines]`; what it leaves out is as there.",
    "ca_file": "PEM file of an authority to trust besides the public ones.",
    "proxy": '`"http://HOST:PORT"`, `"none"`, or a reference where it holds a password; without '
    "it, that of `[client]`, but none for a `private` provider.",
    "headers": "A table of headers to send; secrets are references, as for `api_key`.",
}
"""Every field, in the words of the reference page."""

OUR_HEADERS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that frame the request; Glimway writes them."""

SECRET_HEADERS: Final = re.compile("authorization|cookie|secret|token|api-?key")
"""Headers whose value is a secret: it must be a reference."""

_ID = re.compile("[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
_HEADER = re.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def read_providers(
    root: Table, shipped: Shipped, deadlines: Deadlines
) -> tuple[ProviderConfig, ...]:
    """All providers of the file; one whose id is missing or taken is told and left out.

    Args:
        root: the whole file.
        shipped: for the profiles.
        deadlines: those of ``[deadlines]``.
    """
    found: dict[str, ProviderConfig] = {}
    for table in root.tables("providers"):
        table.refuse_unknown(FIELDS)
        name = _id(table, found)
        provider = _provider(table, name or "?", shipped, deadlines)
        if name is not None:
            found[fold(name)] = provider
    return tuple(found.values())


def _id(table: Table, found: Mapping[str, ProviderConfig]) -> str | None:
    if "id" not in table:
        table.complain([], "has no id", 'write id = "zai", or another name for this provider')
        return None
    name = table.text("id")
    if name is None:
        return None
    if not _ID.fullmatch(name):
        mend = "use small letters, digits, hyphens, dots and underscores"
        table.complain(["id"], f"{shown(name)} cannot be an id", mend)
    elif name == SANDBOX:
        table.complain(["id"], '"sandbox" is always there', "choose another id")
    elif (other := found.get(fold(name))) is not None:
        message = f"{shown(name)} is already a provider (line {other.line})"
        table.complain(["id"], message, "give this one another id, or remove one of them")
    else:
        return name
    return None


def _provider(table: Table, name: str, shipped: Shipped, deadlines: Deadlines) -> ProviderConfig:
    profile = _profile(table, name, shipped)
    private = table.truth("private") or False
    base_url = _base_url(table, private=private)
    own_deadlines = table.table("deadlines")
    keys = _api_keys(table, shipped.profiles.get(profile or ""), base_url)
    if profile is not None and "base_url" not in table:
        _check_has_home(table, shipped.profiles[profile])
    return ProviderConfig(
        id=name,
        profile=profile or name,
        base_url=base_url,
        private=private,
        api_key=next(iter(keys), None),
        more_keys=keys[1:],
        said=read_said(table),
        deadlines=None if own_deadlines is None else read_deadlines(own_deadlines, deadlines),
        ca_file=read_ca_file(table),
        proxy=read_proxy_field(table, "proxy"),
        headers=_headers(table),
        line=table.line(),
    )


def _profile(table: Table, name: str, shipped: Shipped) -> str | None:
    """The id of a profile that exists, or None after a problem was noted."""
    profile = table.text("profile") if "profile" in table else name
    if profile is None or profile in shipped.profiles or (name == "?" and profile == name):
        return profile if profile in shipped.profiles else None
    close = nearest(profile, shipped.profiles)
    names = listed(sorted(shipped.profiles))
    if "profile" in table:
        mend = f'did you mean "{close}"?' if close else f"choose one of {names}"
        table.complain(["profile"], f"{shown(profile)} is not a profile", mend)
    else:
        mend = f"add profile = one of {names}" + (
            f' (or did you mean id = "{close}"?)' if close else ""
        )
        table.complain(["id"], f"{shown(profile)} is not a shipped provider", mend)
    return None


def _base_url(table: Table, *, private: bool) -> str | None:
    url = table.text("base_url")
    if url is None:
        return None
    complaint = base_url_complaint(url, private=private)
    if complaint is not None:
        table.complain(["base_url"], complaint.message, complaint.mend)
        return None
    return url.rstrip("/")


def _check_has_home(table: Table, profile: Profile) -> None:
    if profile.base_url is None:
        form = profile.base_url_form or "https://HOST/PATH"
        mend = f'write base_url = "{form}", everything before {profile.call_path}'
        table.complain([], f'has no base_url, and the profile "{profile.id}" has none', mend)


def _api_keys(table: Table, profile: Profile | None, base_url: str | None) -> tuple[Secret, ...]:
    """All keys, in the order in which they are used."""
    if "api_keys" not in table:
        one = _api_key(table, profile, base_url)
        return () if one is None else (one,)
    if "api_key" in table:
        table.complain(["api_keys"], "stands beside api_key", "put all keys into api_keys")
        return ()
    keys = read_secrets(table, "api_keys", KEYS_MAX)
    for place, key in enumerate(keys):
        if key in keys[:place]:
            message = f"number {place + 1} is the same key as another"
            table.complain(["api_keys"], message, "name each key once")
    return keys


def _api_key(table: Table, profile: Profile | None, base_url: str | None) -> Secret | None:
    """The key that is referred to, else the one in the profile's usual variable.

    The usual variable counts only for the host's own base URLs: a key must not go to a host that
    it was not made for because a file happens to borrow the profile's habits.
    """
    if "api_key" in table:
        return read_secret(table, "api_key")
    at_home = "base_url" not in table or base_url in usual_homes(profile) if profile else False
    if profile is None or not at_home:
        return None
    usual = usual_key(profile, table.scope.environ)
    if usual is None and profile.base_url is not None and profile.auth != "none":
        write = f"write api_key = {FORMS}"
        mend = f"set {listed(profile.env)}, or {write}" if profile.env else write
        table.complain([], "has no api_key", mend)
    return usual


def usual_key(profile: Profile, environ: Mapping[str, str]) -> Secret | None:
    """The key in the first of the profile's usual variables that is set and can be a key."""
    for variable in profile.env:
        value = environ.get(variable, "").strip()
        if value and is_sound(value):
            return Secret(value, variable)
    return None


def usual_providers(shipped: Shipped, environ: Mapping[str, str]) -> tuple[ProviderConfig, ...]:
    """Without a config file: each host whose usual variable is set."""
    found = []
    for profile in shipped.profiles.values():
        key = usual_key(profile, environ)
        if key is not None and profile.base_url is not None and not profile.generic:
            found.append(ProviderConfig(id=profile.id, profile=profile.id, api_key=key))
    return tuple(found)


def _headers(table: Table) -> tuple[tuple[str, str | Secret], ...]:
    if not isinstance(table.values.get("headers", {}), dict):
        # What stands here may be a secret: it is not repeated
        table.complain(["headers"], "is not a table", 'write headers = { name = "value" }')
        return ()
    headers = table.table("headers")
    if headers is None:
        return ()
    found: dict[str, str | Secret] = {}
    for name in headers.values:
        lower = name.lower()
        if not _HEADER.fullmatch(name) or lower in found:
            what = "is given twice" if lower in found else "is not a header's name"
            headers.complain([name], what, "headers have one name each, without spaces and colons")
        elif lower in OUR_HEADERS:
            headers.complain([name], "is written by Glimway itself", "remove it")
        elif (value := _header(headers, name)) is not None:
            found[lower] = value
    return tuple(found.items())


def _header(headers: Table, name: str) -> str | Secret | None:
    value = headers.values[name]
    if isinstance(value, dict) or SECRET_HEADERS.search(name.lower()):
        return read_secret(headers, name, spaces=True)
    if not isinstance(value, str):
        headers.complain([name], f"is {given(value)}", f"write a text in quotes, or {FORMS}")
        return None
    if not value.isascii() or not value.isprintable():
        headers.complain([name], "holds a letter that no header may have", "use plain ASCII")
        return None
    return value
