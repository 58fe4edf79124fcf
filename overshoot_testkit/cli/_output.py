"""Writing to standard output without ever waiting for whoever reads it."""

from __future__ import annotations

import os
import queue
import sys
import threading
from typing import Final

_MOST = 20_000
"""Lines that wait for a reader; further ones are left out."""
_PATIENCE = 2.0
"""Real seconds that the last lines may take."""
_END: Final = None


class Output:
    """Lines for standard output, written by a thread of their own.

    A program that starts this one, reads the first line and then reads no more must not bring the server to
    a halt when the pipe is full; nor must one that closes the pipe.
    """

    def __init__(self) -> None:
        stream = sys.stdout
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        stream.flush()
        self._file = stream.fileno()
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._left_out = 0
        self._thread = threading.Thread(target=self._write, name="standard output", daemon=True)
        self._thread.start()

    def line(self, text: str) -> None:
        """Write a line, at some time."""
        if self._lines.qsize() >= _MOST:
            self._left_out += 1
            return
        self._lines.put(text + "\n")

    def close(self) -> None:
        """Write what is left, as long as somebody reads it."""
        if self._left_out:
            self._lines.put(f"({self._left_out} lines were left out: nobody read them)\n")
        self._lines.put(_END)
        self._thread.join(_PATIENCE)

    def _write(self) -> None:
        there = True
        while (text := self._lines.get()) is not _END:
            data = memoryview(text.encode(self.encoding, "replace"))
            try:
                while there and data:
                    data = data[os.write(self._file, data) :]
            except OSError:  # nobody reads any more: the server serves on
                there = False
