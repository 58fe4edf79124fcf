"""Randomness from a seed while the loop runs."""

from __future__ import annotations

import os
import random
import sys
import threading
from typing import TYPE_CHECKING, Any

from overshoot_testkit.clock._globals import Replacements

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

_urandom = os.urandom
_seed = random.Random.seed

# What is active, by the thread that it is for, the innermost last.
_active: dict[int, list[Pinned]] = {}


def _pinned_urandom(size: int, /) -> bytes:
    pinned = _active.get(threading.get_ident())
    return pinned[-1].bytes.randbytes(size) if pinned else _urandom(size)


def _pinned_seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    """`Random()` without a seed asks the operating system in C, below `os.urandom`."""
    pinned = _active.get(threading.get_ident())
    if a is None and pinned:
        a = pinned[-1].seeds.getrandbits(128)
    _seed(self, a, version)


# os.urandom feeds uuid.uuid4; the random module's copy feeds SystemRandom and secrets.
_replacements = Replacements([(_urandom, _pinned_urandom)], keep=[__name__])


class Pinned:
    """While active, all randomness of the thread comes from one seed; afterwards it goes on where it was.

    That is `random`, `os.urandom`, `secrets`, `uuid.uuid4`, each new `random.Random()`, and the masks of
    aiohttp's WebSockets. Entered again, the sequence continues. Limits: `random.Random` objects made before,
    and native code, keep their own state.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        # Two sequences: a module that makes a Random() when it is first imported moves nobody's bytes.
        self.bytes = random.Random(f"urandom {seed}")  # noqa: S311  (repeatable is what it has to be)
        self.seeds = random.Random(f"seeds {seed}")  # noqa: S311
        self._ours: dict[int, Any] = {}
        self._theirs: list[tuple[random.Random, Any]] = []

    def __enter__(self) -> Self:
        for index, generator in enumerate(_shared_generators()):
            self._theirs.append((generator, generator.getstate()))
            if index in self._ours:
                generator.setstate(self._ours[index])
            else:
                generator.seed(f"random {self._seed} {index}")
        if not _active:
            _replacements.put()
            random.Random.seed = _pinned_seed  # type: ignore[method-assign]
        _active.setdefault(threading.get_ident(), []).append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        thread = threading.get_ident()
        _active[thread].pop()
        if not _active[thread]:
            del _active[thread]
        if not _active:
            _replacements.take()
            random.Random.seed = _seed  # type: ignore[method-assign]
        for index, (generator, state) in enumerate(self._theirs):
            self._ours[index] = generator.getstate()
            generator.setstate(state)
        self._theirs.clear()


def _shared_generators() -> list[random.Random]:
    """Generators that live as long as the process: the random module's own, and that of aiohttp's masks."""
    draw: Callable[..., Any] = random.random
    generators: list[random.Random] = [draw.__self__]  # type: ignore[attr-defined]
    writer = sys.modules.get("aiohttp._websocket.writer")
    if writer is not None:
        defaults = writer.WebSocketWriter.__init__.__kwdefaults__ or {}
        generators += [value for value in defaults.values() if isinstance(value, random.Random)]
    return generators
