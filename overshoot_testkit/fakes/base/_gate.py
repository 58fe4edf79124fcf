"""Where a connection can be shaped: between the server's protocol and the transport of the connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from overshoot_testkit.fakes.base import _transport
from overshoot_testkit.fakes.base._lane import Item, Lane, Mark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from overshoot_testkit.fakes.base._lane import Allowance, Stage
    from overshoot_testkit.fakes.base._work import Work


class Gate(asyncio.Protocol):
    """A connection's transport as the server has it.

    While nothing shapes the connection it is straight: its methods *are* the real transport's, and the real
    one feeds the server's protocol, so it costs nothing. From the first fault on it stands in between, in
    both directions. A server that closes a connection while the way to the client is held up is told at once
    that it is gone; what is held lingers, and the client hears of it in its time.
    """

    __slots__ = (
        "_closing",
        "_held",
        "_lost",
        "_told",
        "_used_up",
        "_work",
        "abort",
        "carries",
        "close",
        "down",
        "handler",
        "is_closing",
        "real",
        "shape",
        "stalled",
        "straight",
        "up",
        "write",
        "writelines",
    )

    write: Callable[[bytes], None]
    writelines: Callable[[Iterable[bytes]], None]
    close: Callable[[], None]
    abort: Callable[[], None]
    is_closing: Callable[[], bool]
    down: Lane
    up: Lane

    def __init__(
        self,
        real: asyncio.Transport,
        handler: asyncio.Protocol,
        work: Work,
        used_up: Callable[[Gate], None],
    ) -> None:
        """`used_up` is called when all the bytes have passed that may; see `faults.LimitData`."""
        self.real = real
        self.handler = handler
        self._used_up = used_up
        self.carries: Any = None
        """The WebSocket that the connection was upgraded to, if it was."""
        self.shape: Any = None
        """What the shaper knows of the connection; None while no fault ever asked about it."""
        self.stalled = False
        self._work = work
        self._closing = self._told = self._lost = self._held = False
        self._go_straight()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    # --- straight, or in between ----------------------------------------------------------------------

    def _go_straight(self) -> None:
        self.straight = True
        real = self.real
        self.write, self.writelines = real.write, real.writelines
        self.close, self.abort, self.is_closing = real.close, real.abort, real.is_closing

    def stand_between(self) -> None:
        """Have every byte and every end pass through here."""
        if not self.straight:
            return
        self.straight = False
        self._closing = self.real.is_closing()
        self.down = Lane(self._work, self._let_down, lambda: self._used_up(self))
        self.up = Lane(self._work, self._let_up, lambda: self._used_up(self))
        self.write, self.writelines = self._write, self._write_lines
        self.close, self.abort, self.is_closing = self._close, self._abort, self._is_closing
        self.real.set_protocol(self)

    def step_aside(self) -> None:
        """Be straight again, where nothing is held, stalled or ending."""
        if self.straight or self._held or self._closing or self._told or self._lost:
            return
        self.real.set_protocol(self.handler)
        self._go_straight()

    def fit(
        self,
        stages: tuple[list[Stage], list[Stage]],
        allowances: tuple[list[Allowance], list[Allowance]],
        blocked: tuple[bool, bool],
    ) -> None:
        """Shape what passes from now on; each pair is for the way down to the client, and up from it."""
        self.stand_between()
        for lane, its_stages, its_allowances, stops in zip(
            (self.down, self.up), stages, allowances, blocked, strict=True
        ):
            lane.fit(its_stages, its_allowances, blocked=stops)
        self._count()

    def stall(self) -> None:
        """Leave the connection half open: it stands, and nothing passes any more in either direction."""
        self.stand_between()
        self.stalled = True
        self.down.clear()
        self.up.clear()
        self._count()

    def lose(self, *, reset: bool) -> None:
        """The connection ends on the way, now, whatever is held."""
        self.stand_between()
        self.stalled = False
        self._closing = True
        self.down.clear()
        self.up.clear()
        self._count()
        (_transport.reset if reset else _transport.finish)(self.real)

    def release(self) -> None:
        """Let go of all that is held and of a stall: the server closes."""
        if self.straight:
            return
        self.stalled = False
        self.down.clear()
        self.up.clear()
        self.fit(([], []), ([], []), (False, False))
        if self._told or self._closing:
            self.real.close()
        else:
            self.step_aside()

    def _count(self) -> None:
        held = not self._lost and (self.stalled or self.down.busy or self.up.busy)
        if held is not self._held:
            self._held = held
            self._work.traffic.held += 1 if held else -1
            self._work.traffic.activity += 1

    # --- the server's side: as a transport ------------------------------------------------------------

    def _write(self, data: bytes) -> None:
        if self.stalled or self._closing or not data:
            return
        self.down.put(bytes(data))
        self._count()

    def _write_lines(self, parts: Iterable[bytes]) -> None:
        self._write(b"".join(parts))

    def _is_closing(self) -> bool:
        return self._closing or self.real.is_closing()

    def _close(self) -> None:
        if not self._closing:
            self._end(Mark.END)

    def _abort(self) -> None:
        self.down.clear()
        self._end(Mark.RESET)

    def _end(self, mark: Mark) -> None:
        self._closing = True
        self.up.clear()
        if not self.stalled:
            self.down.put(mark)
        if self.stalled or self.down.busy:
            asyncio.get_running_loop().call_soon(self._tell, None)
        self._count()

    def _let_down(self, item: Item) -> None:
        if item is Mark.END:
            self.real.close()
        elif item is Mark.RESET:
            self.real.abort()
        else:
            self.real.write(item)
        self._count()

    # --- the client's side: as a protocol -------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if not (self.stalled or self._closing):
            self.up.put(bytes(data))
            self._count()

    def eof_received(self) -> bool:
        if not (self.stalled or self._closing):
            self.up.put(Mark.END)
            self._count()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = self._closing = True
        self.down.clear()
        self.up.clear()
        self._count()
        self._tell(exc)

    def pause_writing(self) -> None:
        if not self._told:
            self.handler.pause_writing()

    def resume_writing(self) -> None:
        if not self._told:
            self.handler.resume_writing()

    def _let_up(self, item: Item) -> None:
        if self._told:
            return
        if not isinstance(item, Mark):
            self.handler.data_received(item)
        elif not self.handler.eof_received():
            self._close()
        self._count()

    def _tell(self, exc: Exception | None) -> None:
        if not self._told:
            self._told = True
            self.handler.connection_lost(exc)

    @property
    def lingers(self) -> bool:
        """Whether the real connection is there still, when the server's protocol is done with it."""
        return not (self.straight or self._lost)


def stall(transport: object) -> None:
    """Leave a connection half open; see `Gate.stall`."""
    if isinstance(transport, Gate):
        transport.stall()
