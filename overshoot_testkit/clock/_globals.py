"""Replacing a function in every module that holds it under a global name.

`from time import monotonic` copies a function out of the reach of `time.monotonic = ...`. A process has a
thousand modules, so they are looked through once; later only those that were imported since.
"""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

T = TypeVar("T")


class InThreads(Generic[T]):
    """What is active, by the thread that it is for, the innermost last."""

    def __init__(self) -> None:
        self._stacks: dict[int, list[T]] = {}

    def __bool__(self) -> bool:
        """Whether anything is active in any thread."""
        return bool(self._stacks)

    def current(self) -> T | None:
        """What is active in this thread."""
        stack = self._stacks.get(threading.get_ident())
        return stack[-1] if stack else None

    def push(self, item: T) -> None:
        self._stacks.setdefault(threading.get_ident(), []).append(item)

    def pop(self) -> None:
        thread = threading.get_ident()
        self._stacks[thread].pop()
        if not self._stacks[thread]:
            del self._stacks[thread]


class Replacements:
    """Pairs of an original function and its stand-in, put in and taken out of all modules at once.

    Modules in `keep` (and their submodules) keep the original under their own names. Limits: what was bound
    elsewhere, as a default argument or in a class, keeps what it has.
    """

    def __init__(
        self, pairs: Collection[tuple[Callable[..., Any], Callable[..., Any]]], keep: Collection[str]
    ) -> None:
        self._stand_ins = {id(original): (original, stand_in) for original, stand_in in pairs}
        self._originals = {id(stand_in): (stand_in, original) for original, stand_in in pairs}
        self._keep = frozenset(keep)
        self._seen: set[str] = set()
        self._latest: str | None = None
        self._places: list[tuple[ModuleType, str, Callable[..., Any], Callable[..., Any]]] = []

    def put(self) -> None:
        for module in self._new_modules():
            self._places += self._found_in(module, self._stand_ins)
        for module, name, original, stand_in in self._places:
            if vars(module).get(name) is original:
                setattr(module, name, stand_in)

    def take(self) -> None:
        # A module imported in between took the stand-in for the real thing.
        for module in self._new_modules():
            places = self._found_in(module, self._originals)
            self._places += [(where, name, original, stand_in) for where, name, stand_in, original in places]
        for module, name, original, stand_in in self._places:
            if vars(module).get(name) is stand_in:
                setattr(module, name, original)

    def _new_modules(self) -> list[ModuleType]:
        # What is imported is put last: a look there spares comparing a thousand names at each entry.
        latest = next(reversed(sys.modules), None)
        if latest == self._latest:
            return []
        self._latest = latest
        new = sys.modules.keys() - self._seen
        self._seen |= new
        modules = (sys.modules.get(name) for name in new if not self._kept(name))
        return [module for module in modules if isinstance(module, ModuleType)]

    def _kept(self, name: str) -> bool:
        return name in self._keep or name.partition(".")[0] in self._keep

    def _found_in(
        self, module: ModuleType, wanted: dict[int, tuple[Callable[..., Any], Callable[..., Any]]]
    ) -> list[tuple[ModuleType, str, Callable[..., Any], Callable[..., Any]]]:
        names = list(vars(module).items())
        return [(module, name, *wanted[id(value)]) for name, value in names if id(value) in wanted]
