"""Randomness from a seed while the loop runs."""

from __future__ import annotations

import _random
import os
import random
import sys
from typing import TYPE_CHECKING, Any

from overshoot_testkit.clock._globals import InThreads, Replacements

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

_urandom = os.urandom
_seed = random.Random.seed

_active: InThreads[Pinned] = InThreads()


def _pinned_urandom(size: int, /) -> bytes:
    pinned = _active.current()
    return pinned.bytes.randbytes(size) if pinned else _urandom(size)


def _pinned_seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    """`Random()` without a seed asks the operating system in C, below `os.urandom`."""
    pinned = _active.current()
    if a is None and pinned:
        a = pinned.seeds.getrandbits(128)
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
        # Two sequences: a module that makes a Random() when it is first imported moves nobody's bytes.
        self.bytes = random.Random(f"urandom {seed}")  # noqa: S311  (repeatable is what it has to be)
        self.seeds = random.Random(f"seeds {seed}")  # noqa: S311
        self._module = _state(random.Random(f"random {seed} 0"))  # noqa: S311
        self._masks = random.Random(f"random {seed} 1")  # noqa: S311
        self._theirs: list[tuple[State, random.Random | None]] = []

    def __enter__(self) -> Self:
        self._theirs.append((_state(_MODULE), _exchange_masks(self._masks)))
        _set_state(_MODULE, self._module)
        if not _active:
            _replacements.put()
            random.Random.seed = _pinned_seed  # type: ignore[method-assign]
        _active.push(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _active.pop()
        if not _active:
            _replacements.take()
            random.Random.seed = _seed  # type: ignore[method-assign]
        module, masks = self._theirs.pop()
        self._module = _state(_MODULE)
        _set_state(_MODULE, module)
        if masks is not None:
            _exchange_masks(masks)


# The generator behind the functions of the random module. They are its bound methods, and have been copied
# everywhere, so it is its state that is exchanged; past `Random.getstate`, which takes twice the time.
_MODULE: random.Random = random.random.__self__  # type: ignore[attr-defined]

State = tuple[Any, float | None]


def _state(generator: random.Random) -> State:
    return _random.Random.getstate(generator), generator.gauss_next  # type: ignore[attr-defined]


def _set_state(generator: random.Random, state: State) -> None:
    _random.Random.setstate(generator, state[0])
    generator.gauss_next = state[1]  # type: ignore[attr-defined]


def _exchange_masks(generator: random.Random) -> random.Random | None:
    """Let aiohttp's new WebSockets draw their masks from `generator`; returns what they drew from before."""
    writer = sys.modules.get("aiohttp._websocket.writer")
    defaults: dict[str, Any] = (writer.WebSocketWriter.__init__.__kwdefaults__ or {}) if writer else {}
    for name, value in defaults.items():
        if isinstance(value, random.Random):
            defaults[name] = generator
            return value
    return None
