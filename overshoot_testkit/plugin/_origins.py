"""Which line of the project's own code is behind a request: asked while its client waits for the answer."""

from __future__ import annotations

import asyncio
import functools
import sys
import sysconfig
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from overshoot_testkit.simulation._stacks import await_chain

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

_TESTKIT = str(Path(__file__).parents[1])
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_WAITING = frozenset({"asyncio", "concurrent", "contextlib", "queue", "selectors", "threading"})
"""Where code stands that waits for other code, rather than for the network itself."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call came from; a place is `file:line in function`."""

    places: tuple[str, ...] = ()
    """The innermost lines of the project's own code; several if more than one caller was waiting then."""
    test: str | None = None
    """Where the test function stood."""

    def __str__(self) -> str:
        if not self.places:
            return f"while the test was at {self.test}" if self.test else ""
        where = (
            f"from {self.places[0]}" if len(self.places) == 1 else f"from one of: {', '.join(self.places)}"
        )
        return (
            where
            if self.test is None or self.test in self.places
            else f"{where}; the test was at {self.test}"
        )


def in_tasks(loop: asyncio.AbstractEventLoop, describe: Describe) -> Origin:
    """The caller among the tasks of a loop; to be asked on that loop."""
    stacks = [await_chain(task.get_coro()) for task in asyncio.all_tasks(loop)]
    return _chosen(stacks, describe, blocks=False)


def in_threads(describe: Describe) -> Origin:
    """The caller among all other threads, blocked in a socket."""
    stacks = []
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - documented, despite its name
        if ident != threading.get_ident():
            stacks.append(_stack(frame))
    return _chosen(stacks, describe, blocks=True)


@dataclass(frozen=True, slots=True)
class Describe:
    """Writes a frame as a place, relative to the project, and knows the test function."""

    root: Path
    test_file: str
    test_name: str

    def __call__(self, frame: FrameType) -> str:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(self.root):
            path = path.relative_to(self.root)
        return f"{path.as_posix()}:{frame.f_lineno} in {frame.f_code.co_name}"

    def is_test(self, frame: FrameType) -> bool:
        return (frame.f_code.co_filename, frame.f_code.co_name) == (self.test_file, self.test_name)


def _chosen(stacks: Iterable[list[FrameType]], describe: Describe, *, blocks: bool) -> Origin:
    """The likeliest callers among stacks, outermost frame first: those in a library's network code.

    `blocks`: code may also wait in a system call itself, which has no frame.
    """
    on_network: list[FrameType] = []
    elsewhere: list[FrameType] = []
    test: FrameType | None = None
    for stack in stacks:
        own = [frame for frame in stack if is_own(frame.f_code.co_filename)]
        if not own:
            continue
        test = next((frame for frame in reversed(own) if describe.is_test(frame)), test)
        if not _is_asleep(stack[-1]):
            here = stack[-1] is own[-1]
            (on_network if (blocks and here) or _in_library(stack, own[-1]) else elsewhere).append(own[-1])
    places = dict.fromkeys(describe(frame) for frame in on_network or elsewhere)
    return Origin(tuple(sorted(places)), describe(test) if test else None)


def _in_library(stack: list[FrameType], own: FrameType) -> bool:
    """Whether a library, or Python's own streams, is at work below the last own frame."""
    below = stack[stack.index(own) + 1 :]
    modules = [frame.f_globals.get("__name__", "") for frame in below]
    return any(module.partition(".")[0] not in _WAITING or module == "asyncio.streams" for module in modules)


def _is_asleep(frame: FrameType) -> bool:
    return (frame.f_globals.get("__name__"), frame.f_code.co_name) == ("asyncio.tasks", "sleep")


def _stack(innermost: FrameType) -> list[FrameType]:
    frames: list[FrameType] = []
    frame: FrameType | None = innermost
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames[::-1]


@functools.cache
def is_own(filename: str) -> bool:
    """Whether a file is the project's: not of Python, of an installed package, or of the testkit."""
    path = Path(filename)
    if path.suffix != ".py" or filename.startswith("<"):
        return False
    if not {"site-packages", "dist-packages"}.isdisjoint(path.parts):
        return False
    return not any(path.is_relative_to(library) for library in (_TESTKIT, *_LIBRARIES))
