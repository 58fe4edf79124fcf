"""Where a task, a callback or a thread stands, as file:line."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import sys
import sysconfig
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, cast

_STDLIB = str(Path(sysconfig.get_paths()["stdlib"]))
# Packages on whose behalf nobody opens a connection.
_LIBRARIES = frozenset(
    {
        "aiohappyeyeballs",
        "aiohttp",
        "anyio",
        "asyncio",
        "contextlib",
        "httpcore",
        "httpcore2",
        "httpx",
        "httpx2",
        "openai",
        "websockets",
    }
)


def describe_task(task: asyncio.Task[Any]) -> str:
    """Name, coroutine, the innermost line of it outside the standard library, and what waits there."""
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", type(coroutine).__name__)
    frames = await_chain(coroutine)
    if not frames:
        return f"{task.get_name()} ({name})"
    own = [frame for frame in frames if not _is_stdlib(frame)] or frames
    text = f"{task.get_name()} ({name}) at {place(own[-1])}"
    if frames[-1] is not own[-1]:
        text += f", in {frames[-1].f_code.co_qualname} at {place(frames[-1])}"
    return text


def await_chain(coroutine: object) -> list[FrameType]:
    """Frames of a suspended coroutine and of all that it awaits, outermost first."""
    frames: list[FrameType] = []
    current: Any = coroutine
    while current is not None:
        if type(current).__name__ == "coroutine_wrapper":
            # What `coroutine.__await__()` gives, as aiohttp's requests are awaited: it shows nobody but the
            # garbage collector what it wraps.
            current = next((each for each in gc.get_referents(current) if inspect.iscoroutine(each)), None)
        for prefix in ("cr", "gi", "ag"):
            frame = getattr(current, f"{prefix}_frame", None)
            if frame is not None:
                frames.append(frame)
                break
        else:
            return frames
        current = getattr(current, "gi_yieldfrom" if prefix == "gi" else f"{prefix}_await", None)
    return frames


def describe_callback(callback: Any, args: tuple[Any, ...], loop: asyncio.AbstractEventLoop) -> str:
    """Function and where it is written; for a timer that ends a sleep, the task that sleeps."""
    futures = [arg for arg in args or () if isinstance(arg, asyncio.Future)]
    for task in asyncio.all_tasks(loop):
        # The one thing that tells which task a bare future belongs to.
        if futures and getattr(task, "_fut_waiter", None) in futures:
            return f"wakes {describe_task(task)}"
    callback = inspect.unwrap(callback)
    while isinstance(callback, functools.partial):
        callback = callback.func
    code = getattr(callback, "__code__", None)
    name = getattr(callback, "__qualname__", None) or repr(callback)
    if isinstance(code, CodeType):
        return f"{name} at {code.co_filename}:{code.co_firstlineno}"
    return cast("str", name)


def describe_thread(ident: int | None) -> str:
    """What a thread is doing: its innermost line outside the standard library."""
    frame = sys._current_frames().get(ident or 0)  # noqa: SLF001  (documented, despite its name)
    if frame is None:
        return "not started or ended"
    innermost = frame
    outer: FrameType | None = frame
    while outer is not None and _is_stdlib(outer):
        outer = outer.f_back
    frame = outer or innermost
    return f"in {frame.f_code.co_qualname} at {place(frame)}"


def caller_place() -> str:
    """File and line of the code, outside client libraries, on whose behalf the running code runs."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  (inspect.stack() reads source files)
    nearest = frame
    while frame is not None:
        module: str = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] == "asyncio" and "events" in module:
            break
        if module.partition(".")[0] not in _LIBRARIES and not module.startswith(
            "overshoot_testkit.simulation"
        ):
            return place(frame)
        nearest, frame = frame, frame.f_back
    return place(nearest) if nearest else "unknown"


def _is_stdlib(frame: FrameType) -> bool:
    # Outside virtual environments, installed packages lie in a folder of the standard library.
    filename = frame.f_code.co_filename
    return filename.startswith((_STDLIB, "<frozen")) and "-packages" not in filename


def place(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
