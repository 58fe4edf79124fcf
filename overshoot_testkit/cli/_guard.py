"""What leaves the program: never a traceback for a user's mistake, and always the right exit code."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import NoReturn

USAGE = 2
INTERRUPTED = 130
READER_GONE = 141
"""As a shell reports a program that SIGPIPE ended."""
DEBUG = "OVERSHOOT_TESTKIT_DEBUG"


class UserError(Exception):
    """Something that the user can put right; its message says what, and how."""


def guarded(action: Callable[[], int]) -> int:
    """Run `action` and give its exit code, or that of how it failed, said in a line on standard error."""
    try:
        with _terminable():
            return action()
    except UserError as error:
        _say(f"Error: {error}")
        return USAGE
    except KeyboardInterrupt:
        _say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        return _hush()
    except Exception as error:  # noqa: BLE001 - the last line of defence
        return _bug(error)


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends the program as Ctrl-C does, through every clean-up, so that no driver is left behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _hush() -> int:
    """Nobody reads what we write: let the interpreter's own last flush go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
    return READER_GONE


def _bug(error: Exception) -> int:
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    what = f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    advice = "" if os.environ.get(DEBUG) else f"; for the traceback to send along, run again with {DEBUG}=1"
    _say(f"This is a bug in overshoot-testkit, not in the client: {what}{where}\nPlease report it{advice}.")
    return USAGE


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
        print(text.encode(encoding, "replace").decode(encoding), file=sys.stderr, flush=True)  # noqa: T201
