"""A client by name: from what a user wrote after `--client` to something that can be judged.

Nothing here starts a process or fetches anything: that is for whoever opens the bench.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from overshoot_testkit.clients._npm import package_name
from overshoot_testkit.clients._process import DriverError
from overshoot_testkit.clients._python_client import ClientSpecError, load_factory

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.clients._protocol import Client

REFERENCE = "overshoot_testkit.clients.reference:ReferenceClient"

FORMS = """\
  npm:PACKAGE[@VERSION]     a JavaScript SDK from npm
  node:PATH_OR_PACKAGE      a JavaScript SDK on this machine
  package.module:factory    a Python client; factory() gives a fresh one
  exec:COMMAND ARGUMENTS    any language, by a program that is a driver
  reference                 the client that ships here, and passes"""
"""The forms of a client spec, for help and errors."""


@dataclass(frozen=True, slots=True)
class PythonSpec:
    """A client in this process. `factory()` has been tried: it gives an object with all members."""

    factory: Callable[[], Client]


@dataclass(frozen=True, slots=True)
class DriverSpec:
    """A program that speaks the driver protocol, with its arguments; no shell sees them."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeSpec:
    """A JavaScript SDK on this machine: a package that is installed here, or the path of one."""

    wanted: str


@dataclass(frozen=True, slots=True)
class NpmSpec:
    """A JavaScript SDK to fetch: NAME or NAME@VERSION."""

    package: str


ClientSpec = PythonSpec | DriverSpec | NodeSpec | NpmSpec


def parse_spec(spec: str) -> ClientSpec:
    """Read a client spec, and for a Python client import it and try its factory once.

    Raise `ClientSpecError` with what is wrong and what to write instead.
    """
    spec = spec.strip()
    if not spec:
        raise ClientSpecError(f"the client is empty. Write one of:\n{FORMS}")
    if spec == "reference":
        return PythonSpec(load_factory(REFERENCE))
    form, colon, rest = spec.partition(":")
    if not colon:
        raise ClientSpecError(f"{spec!r} names no client. Write one of:\n{FORMS}")
    readers: dict[str, Callable[[str], ClientSpec]] = {"exec": _exec, "node": _node, "npm": _npm}
    if form in readers:
        if not rest.strip():
            raise ClientSpecError(f"nothing follows {form!r}:. Write one of:\n{FORMS}")
        return readers[form](rest.strip())
    if not all(part.isidentifier() for part in (*form.split("."), *rest.split("."))):
        raise ClientSpecError(f"{spec!r} is no client. Write one of:\n{FORMS}")
    return PythonSpec(load_factory(spec))


def _exec(command: str) -> DriverSpec:
    try:
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise ClientSpecError(f"exec:{command}: {error}; check the quotes in the command") from error
    if os.name == "nt":  # there a backslash is a path's, so quotes are left in place by shlex
        words = [word[1:-1] if len(word) > 1 and word[0] == word[-1] == '"' else word for word in words]
    return DriverSpec(tuple(words))


def _node(wanted: str) -> NodeSpec:
    is_path = wanted.startswith((".", "~")) or Path(wanted).is_absolute()
    path = Path(wanted).expanduser()
    if is_path and not path.exists():
        raise ClientSpecError(
            f"node:{wanted}: there is nothing at that path. Name the folder of a package, its bundle, or a "
            "package that is installed in this folder's node_modules"
        )
    return NodeSpec(str(path.resolve()) if is_path else wanted)


def _npm(package: str) -> NpmSpec:
    try:
        package_name(package)
    except DriverError as error:
        raise ClientSpecError(f"npm:{package}: {error}") from error
    return NpmSpec(package)
