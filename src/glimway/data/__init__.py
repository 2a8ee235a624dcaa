"""The profiles, the catalog and the parameter tables that come with Glimway.

Knows where its TOML files lie and reads them into the domain's values. Refuses to know what is
configured; that joins these values elsewhere. Imports only ``domain`` (and the standard library).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import msgspec

from glimway.domain.model import Model
from glimway.domain.offer import Entry, Offer
from glimway.domain.parameters import Tables, tables
from glimway.domain.profile import Profile
from glimway.domain.strict import DataError, laid_over, nearest, read

__all__ = ["load_models", "load_parameters", "load_profiles"]


class _ModelFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one file below ``models/`` holds: a model, and offers with their defaults."""

    model: Model
    offers: tuple[Offer, ...] = ()


_HOME = files(__package__)


def load_profiles(folder: Traversable = _HOME / "providers") -> dict[str, Profile]:
    """Every profile of a folder by id, in the order of their files.

    Args:
        folder: the shipped ones, unless another is given.

    A file may say ``extends = "other"``: then it is laid over that one's, which must stand alone.

    Raises:
        DataError: a file cannot be read; names the file and the place in it.
    """
    texts = dict(_files(folder))
    found: dict[str, Profile] = {}
    for name, value in texts.items():
        profile = read(Profile, _whole(name, value, texts), name)
        if name != f"{profile.id}.toml":
            raise DataError(f"{name}: holds the profile {profile.id!r}; name the file after it")
        found[profile.id] = profile
    return found


def load_models(folder: Traversable = _HOME / "models") -> tuple[Entry, ...]:
    """Every model of a folder with its offers, in the order of their ids.

    Args:
        folder: the shipped ones, unless another is given.

    Raises:
        DataError: a file cannot be read, or two hold one id.
    """
    found: dict[str, Entry] = {}
    for name, value in _files(folder):
        held = read(_ModelFile, value, name)
        if held.model.id in found:
            raise DataError(f"{name}: another file holds the model {held.model.id!r} too")
        found[held.model.id] = Entry(held.model, held.offers)
    return tuple(found[name] for name in sorted(found))


def load_parameters() -> Tables:
    """The tables of request parameters, by the name that models give.

    Raises:
        DataError: the file cannot be read.
    """
    name = "parameters.toml"
    return tables(tomllib.loads((_HOME / name).read_text("utf-8")), name)


def _files(folder: Traversable) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".toml"):
            try:
                yield entry.name, tomllib.loads(entry.read_text("utf-8"))
            except tomllib.TOMLDecodeError as error:
                raise DataError(f"{entry.name}: {error}") from None


def _whole(name: str, value: dict[str, Any], texts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    own = {member: inner for member, inner in value.items() if member != "extends"}
    if "extends" not in value:
        return own
    below = texts.get(f"{value['extends']}.toml")
    if below is None or "extends" in below:
        known = [other.removesuffix(".toml") for other in texts if "extends" not in texts[other]]
        hint = nearest(str(value["extends"]), known)
        raise DataError(f"{name}: extends {value['extends']!r}, which cannot be extended{hint}")
    return laid_over(below, own)
