"""``glimway keys``: make, list, replace and revoke API keys.

Knows what a person wants of a key. Refuses to know how keys are kept; a running server sees each
change within 250 ms, because the store tells it.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

import click
import msgspec

from glimway.cli.moments import duration_ms, iso_time, moment_ms, shown_time
from glimway.cli.options import Decorator, Flags, as_json, in_places
from glimway.cli.terminal import failures, print_json, print_table
from glimway.domain.keys import ID_ENTROPY_BYTES, PREFIX, SECRET_ENTROPY_BYTES, Key, Minted, mint
from glimway.domain.limits import LIMIT_MAX, Limits, own_limits

LAST_CHARS = 4
"""How much of a token's end a list shows."""

NAME_CHARS_MAX = 200


@click.group()
def keys() -> None:
    """Make, list, rotate and revoke API keys."""


def _limit(flag: str, words: str) -> Decorator:
    return click.option(flag, type=click.IntRange(0, LIMIT_MAX), metavar="N", help=words)


@keys.command()
@click.option("--name", default="", metavar="TEXT", help="What the key is for.")
@click.option("--project", default="default", show_default=True, help="Its project: id or name.")
@click.option("--expires", metavar="WHEN", help="A date (2026-12-31) or a duration (30d).")
@_limit("--requests-per-minute", "Instead of the configured default; 0: no limit.")
@_limit("--burst", "Requests at one moment.")
@_limit("--tokens-per-minute", "Input and output together; 0: no limit.")
@_limit("--concurrency", "Requests in progress at once; 0: no limit.")
@_limit("--queue-ms", "How long a request over a limit waits for a place.")
@as_json
@in_places
def create(
    name: str,
    project: str,
    expires: str | None,
    *,
    as_json: bool,
    flags: Flags,
    **limits: int | None,
) -> None:
    """Make a key and show it, once."""
    from glimway.cli.books import open_books
    from glimway.store import keys as rows

    _check_name(name)
    now_ms = _now_ms()
    expires_ms = None if expires is None else moment_ms(expires, now_ms)
    if expires_ms is not None and expires_ms <= now_ms:
        raise click.BadParameter("the key would have expired already", param_hint="--expires")
    minted = _mint()
    with failures(), open_books(flags) as books:
        new = rows.NewKey(
            **_told(minted),
            name=name,
            project=project,
            created_ms=now_ms,
            expires_ms=expires_ms,
            limits=_limits(limits, books.settings.limits_default),
        )
        key = books.database.write(lambda connection: rows.create(connection, new)).result()
    _show(minted, key, as_json=as_json)


@keys.command(name="list")
@click.option("--project", metavar="TEXT", help="Only keys of this project: id or name.")
@click.option("--all", "everything", is_flag=True, help="Revoked and expired keys too.")
@as_json
@in_places
def list_keys(project: str | None, *, everything: bool, as_json: bool, flags: Flags) -> None:
    """List keys, newest first."""
    from glimway.cli.books import open_books
    from glimway.store import keys as rows
    from glimway.store import projects

    def look(connection: Any) -> list[rows.Listed]:
        wanted = None if project is None else projects.find(connection, project).id
        return rows.every(connection, wanted)

    now_ms = _now_ms()
    with failures(), open_books(flags) as books:
        found = books.database.read(look).result()
    shown = [one for one in found if everything or one.key.state(now_ms) == "active"]
    if as_json:
        print_json({"keys": [_listed(one, now_ms) for one in shown]})
        return
    print_table(
        ("ID", "KEY", "NAME", "PROJECT", "STATE", "MADE", "ENDS"),
        [_row(one, now_ms) for one in shown],
        "There is no key; make one with: glimway keys create",
    )


@keys.command()
@click.argument("key")
@click.option(
    "--overlap",
    default="24h",
    show_default=True,
    metavar="DURATION",
    help="How long the old key goes on (0s, 30m, 24h, 7d).",
)
@as_json
@in_places
def rotate(key: str, overlap: str, *, as_json: bool, flags: Flags) -> None:
    """Replace KEY (its id) by a new one with the same name, project and limits."""
    from glimway.cli.books import open_books
    from glimway.store import keys as rows

    now_ms = _now_ms()
    ends_ms = now_ms + duration_ms(overlap)
    minted = _mint()

    def change(connection: Any) -> Key:
        old = rows.get(connection, _key_id(key)).key
        new = rows.NewKey(
            **_told(minted),
            name=old.name,
            project=old.project,
            created_ms=now_ms,
            expires_ms=old.expires_ms,
            limits=old.limits,
            allowed_origins=old.allowed_origins,
        )
        return rows.replace(connection, old.id, new, ends_ms)

    with failures(), open_books(flags) as books:
        made = books.database.write(change).result()
    _show(minted, made, as_json=as_json)
    if not as_json:
        click.echo(f"The old key goes on until {shown_time(ends_ms)} UTC.", err=True)


@keys.command()
@click.argument("key")
@as_json
@in_places
def revoke(key: str, *, as_json: bool, flags: Flags) -> None:
    """Refuse KEY (its id) from now on and end its running streams."""
    from glimway.cli.books import open_books
    from glimway.store import keys as rows

    now_ms = _now_ms()
    with failures(), open_books(flags) as books:
        gone = books.database.write(
            lambda connection: rows.revoke(connection, _key_id(key), now_ms)
        ).result()
    if as_json:
        print_json(_document(gone, now_ms))
    else:
        click.echo(f"Revoked {gone.prefix} ({gone.name or 'without a name'}).")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _mint() -> Minted:
    return mint(secrets.token_bytes(ID_ENTROPY_BYTES), secrets.token_bytes(SECRET_ENTROPY_BYTES))


def _told(minted: Minted) -> dict[str, Any]:
    """What the store keeps of a token."""
    return {
        "id": minted.id,
        "digest": minted.digest,
        "prefix": minted.prefix,
        "last4": minted.token[-LAST_CHARS:],
    }


def _key_id(text: str) -> str:
    """The id, also of a whole token: then its secret is not looked at."""
    rest = text.removeprefix(PREFIX)
    return rest.partition("_")[0] if rest != text else text


def _limits(given: dict[str, int | None], default: Limits) -> Limits | None:
    """Limits of its own, where any is given: the rest are today's defaults."""
    own = {name: value for name, value in given.items() if value is not None}
    return own_limits(own, default) if own else None


def _check_name(name: str) -> None:
    if len(name) > NAME_CHARS_MAX or not name.isprintable():
        words = f"use at most {NAME_CHARS_MAX} printable characters"
        raise click.BadParameter(words, param_hint="--name")


def _show(minted: Minted, key: Key, *, as_json: bool) -> None:
    """The new token: the only time that it is seen."""
    if as_json:
        print_json({"id": key.id, "key": minted.token, **_document(key, key.created_ms)})
        return
    click.echo("The new key, shown only now:\n", err=True)
    click.echo(minted.token)
    click.echo(f"\nIts id is {key.id}.", err=True)


def _document(key: Key, now_ms: int) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "project": key.project,
        "state": key.state(now_ms),
        "created_at": iso_time(key.created_ms),
        "expires_at": iso_time(key.expires_ms),
        "revoked_at": iso_time(key.revoked_ms),
        "limits": None if key.limits is None else msgspec.structs.asdict(key.limits),
        "allowed_origins": list(key.allowed_origins),
        "billing": key.billing,
    }


def _listed(listed: Any, now_ms: int) -> dict[str, Any]:
    """A key in a list: also which key replaces it."""
    return {**_document(listed.key, now_ms), "successor": listed.successor}


def _row(listed: Any, now_ms: int) -> tuple[str, ...]:
    key = listed.key
    ends = [end for end in (key.expires_ms, key.revoked_ms) if end is not None]
    return (
        key.id,
        key.prefix + listed.last4,
        key.name,
        key.project,
        key.state(now_ms),
        shown_time(key.created_ms),
        shown_time(min(ends, default=None)),
    )
