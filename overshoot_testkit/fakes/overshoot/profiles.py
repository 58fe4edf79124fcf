"""Profiles: files of settings, three of which are shipped.

`seed` is the documented service, `older` a server as was seen on other deployments, `strict` the least
forgiving one that the sources allow.
"""

from __future__ import annotations

import dataclasses
import functools
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overshoot_testkit import documents
from overshoot_testkit.documents import Document, DocumentError, Problem
from overshoot_testkit.fakes.overshoot._profile_form import form_of
from overshoot_testkit.fakes.overshoot.settings import Settings

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["load_profile", "profile_names", "settings_from"]

_SUFFIXES = {".toml", ".yaml", ".yml", ".json"}


def profile_names() -> tuple[str, ...]:
    """The profiles that are shipped, sorted."""
    names = (each.name for each in files("overshoot_testkit.fixtures.profiles").iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_profile(name_or_path: str | os.PathLike[str]) -> Settings:
    """The settings of a shipped profile, by its name, or of a file (`.toml`, `.yaml`, `.json`).

    What a file does not name is as in `Settings()`. Raises DocumentError, a ValueError, with file, line and
    field of each mistake.
    """
    name = str(name_or_path)
    if name in profile_names():
        return _shipped(name)
    path = Path(name)
    if path.suffix not in _SUFFIXES and len(path.parts) == 1 and not path.exists():
        hint = documents.near(name, list(profile_names()))
        raise DocumentError(
            name, [Problem((), f"there is no such profile; {hint}, or give a path to a file")]
        )
    return _read(documents.read(path), Settings())


@functools.cache
def _shipped(name: str) -> Settings:
    text = (files("overshoot_testkit.fixtures.profiles") / f"{name}.toml").read_text(encoding="utf-8")
    return _read(documents.parse(text, "toml", f"{name}.toml"), Settings())


def settings_from(mapping: Mapping[str, Any], base: Settings | None = None) -> Settings:
    """Settings as a profile has them: plain data, by name, on top of `base`, or of `Settings()`.

    A table of settings (`results`) is taken member by member; any other value replaces the one before.
    Values that are Python objects already, as `Settings` takes them, are taken too. Raises DocumentError.
    """
    base = Settings() if base is None else base
    ready = {name: value for name, value in mapping.items() if name in _FIELDS and _is_ready(value)}
    plain = {name: value for name, value in mapping.items() if name not in ready}
    return _read(Document(plain, "settings"), dataclasses.replace(base, **ready))


_FIELDS = frozenset(each.name for each in dataclasses.fields(Settings))


def _is_ready(value: Any) -> bool:
    """Whether only Python can say it: an object, a function, a tuple, or a mapping that has such."""
    if isinstance(value, dict):
        return any(_is_ready(each) for each in value.values())
    return dataclasses.is_dataclass(value) or callable(value) or isinstance(value, tuple)


def _read(document: Document, base: Settings) -> Settings:
    if not isinstance(document.data, dict):
        raise document.error((), "a mapping of settings is needed")
    form = document.validate(form_of(Settings))
    try:
        settings: Settings = form.over(base)
    except ValueError as error:
        raise document.error(*_place(str(error))) from None
    return settings


def _place(problem: str) -> tuple[tuple[str, ...], str]:
    """Which member "Settings.lease_ttl: 0 must be greater than 0" is about, and what it says."""
    where, _, text = problem.partition(": ")
    kind, _, name = where.partition(".")
    return ("results", name) if kind == "ResultSettings" else (name,), text
