"""Report files: a directory that can be written to, and files that are whole or not there."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path


class ReportError(Exception):
    """A report cannot be written; the message says where, why and what to do."""


def prepare_directory(directory: Path) -> None:
    """Create the directory if it is missing. Raise `ReportError` if reports cannot be written there.

    Called before a run, so that nobody learns of it only after the verdict.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise _cannot(directory, error) from error


def write_file(path: Path, text: str) -> None:
    """Write `text` as UTF-8, replacing the file in one go; its directory is made if missing.

    A lone surrogate, which a client can put into a message, is written as its escape. Raise `ReportError` if
    it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8", "backslashreplace"))
            Path(name).chmod(
                0o666 & ~_umask()
            )  # mkstemp's files are for their owner alone; a report is to be shared
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise _cannot(path, error) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _cannot(path: Path, error: OSError) -> ReportError:
    why = error.strerror or str(error)
    return ReportError(f"cannot write reports to {path}: {why}. Name a directory that can be written to")
