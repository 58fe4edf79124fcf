"""Faults of connections: which connections they get hold of, and for how long."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Protocol

from overshoot_testkit.fakes.base._gate import Gate
from overshoot_testkit.fakes.base._lane import Allowance, Stage, stage
from overshoot_testkit.faults import Blackhole, LimitData, Occasion, ResetConnection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot_testkit.clock import Timer
    from overshoot_testkit.fakes.base._work import Work
    from overshoot_testkit.faults import Fault, FaultPlan

_ANYBODY = Occasion(None)
_TURNS = 50
"""Loop turns given to connections that linger, to end."""


class Carrier(Protocol):
    """What the shaper must be told: what the open connections carry."""

    def carried(self) -> Iterable[tuple[object, Occasion]]:
        """The requests under way and the open WebSockets, with their connections."""
        ...

    def connection_ends(self, gate: Gate, *, reset: bool) -> None:
        """A fault is about to end this connection: write down what ends with it."""
        ...


class _Grip:
    """One fault's hold of one connection: whatever must be remembered from one moment to the next."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.stage: Stage | None = stage(fault.action, fault.random)
        self.allowance: Allowance | None = None
        self.timer: Timer | None = None
        if isinstance(fault.action, LimitData):
            self.allowance = Allowance(fault.action.data_bytes)


class _Shape:
    """What is known of a connection: the faults that have it, and those that were asked already."""

    def __init__(self) -> None:
        self.asked: set[Fault] = set()
        self.grips: dict[Fault, _Grip] = {}
        self.in_force: list[_Grip] = []


class Shaper:
    """Puts connection faults in force on the connections of one service, and takes them off again.

    A fault that accepts anybody gets hold of each connection, once; one with conditions, of those that
    carry a request or WebSocket that matches, now or later, and keeps it. Chance is drawn once a connection.
    """

    def __init__(self, work: Work, faults: FaultPlan, carrier: Carrier) -> None:
        self._work = work
        self._plan = faults
        self._carrier = carrier
        self._faults: list[Fault] = []
        self._gates: dict[object, Gate] = {}
        self._lingering: dict[Gate, None] = {}
        self._boundary: Timer | None = None
        faults.reshape = self.reshape

    # --- connections come and go ----------------------------------------------------------------------

    def accept(self, handler: asyncio.Protocol, real: asyncio.Transport) -> Gate:
        """A connection was accepted; returns what the server shall take for its transport."""
        gate = self._gates[handler] = Gate(real, handler, self._work, self._used_up)
        if self._faults:
            self._fit(gate)
        return gate

    def forget(self, handler: object) -> None:
        """The server's protocol is done with a connection."""
        gate = self._gates.pop(handler, None)
        if gate is not None and gate.lingers:
            self._lingering = {each: None for each in self._lingering if each.lingers}
            self._lingering[gate] = None

    def meet(self, transport: object, occasion: Occasion) -> None:
        """A request has arrived: see whom it makes a match."""
        if self._faults and isinstance(transport, Gate):
            self._fit(transport, occasion)

    @staticmethod
    def carry(transport: object, socket: object) -> None:
        """The connection was upgraded to this WebSocket."""
        if isinstance(transport, Gate):
            transport.carries = socket

    async def aclose(self) -> None:
        """Wait for what lingers to end; `release` let go of it."""
        for _ in range(_TURNS):
            if not any(gate.lingers for gate in self._lingering):
                break
            await asyncio.sleep(0)
        for gate in self._lingering:
            if gate.lingers:
                gate.lose(reset=True)
                await asyncio.sleep(0)
        self._lingering.clear()

    def release(self) -> None:
        """Take all faults off, what they held is lost: the server closes."""
        self._plan.reshape = None
        self._faults = []
        self._work.cancel(self._boundary)
        for gate in (*self._gates.values(), *self._lingering):
            gate.release()

    # --- faults come and go ---------------------------------------------------------------------------

    def reshape(self) -> None:
        """Faults were set or taken back, or the window of one begins or ends: look at each connection."""
        before, self._faults = self._faults, self._plan.of_kind("connection")
        if not (before or self._faults):
            return
        occasions: dict[Gate, list[Occasion]] = {}
        for gate, occasion in self._carrier.carried():
            if isinstance(gate, Gate):
                occasions.setdefault(gate, []).append(occasion)
        for each in (*self._gates.values(), *self._lingering):
            self._fit(each, *occasions.get(each, ()))
        self._watch()

    def _watch(self) -> None:
        """Look again when the next window begins or ends."""
        self._work.cancel(self._boundary)
        now = self._work.clock.now()
        moments = [moment for fault in self._faults for moment in (fault.match.since, fault.ends_at)]
        coming = min((moment for moment in moments if now < moment < math.inf), default=None)
        self._boundary = None if coming is None else self._work.call_at(coming, self.reshape)

    def _fit(self, gate: Gate, *occasions: Occasion) -> None:
        """Let the faults have the connection that get hold of it now, and let go those that are over."""
        now = self._work.clock.now()
        if gate.shape is None:
            gate.shape = _Shape()
        shape: _Shape = gate.shape
        if gate not in self._lingering:
            for fault in self._faults:
                if fault not in shape.asked and fault.holds(now):
                    self._ask(fault, shape, occasions)
        grips = [shape.grips[fault] for fault in self._faults if fault in shape.grips and fault.holds(now)]
        if grips == shape.in_force:
            return
        begun = [grip for grip in grips if grip not in shape.in_force]
        for grip in shape.in_force:
            if grip not in grips:
                self._work.cancel(grip.timer)
        shape.in_force = grips
        _apply(gate, grips)
        for grip in begun:
            self._begin(gate, grip)

    def _ask(self, fault: Fault, shape: _Shape, occasions: Iterable[Occasion]) -> None:
        for occasion in (_ANYBODY,) if fault.match.is_general else occasions:
            if fault.match.accepts(occasion):
                shape.asked.add(fault)
                if self._plan.takes_hold(fault, occasion):
                    shape.grips[fault] = _Grip(fault)
                return

    def _begin(self, gate: Gate, grip: _Grip) -> None:
        """Have the connection end in time, where that is what the fault does."""
        action = grip.fault.action
        if not isinstance(action, ResetConnection | Blackhole) or action.seconds is None:
            return
        reset = isinstance(action, ResetConnection)
        if action.seconds:
            moment = self._work.clock.now() + action.seconds
            grip.timer = self._work.call_at(moment, self._end, gate, reset)
        else:
            self._end(gate, reset)

    def _used_up(self, gate: Gate) -> None:
        self._end(gate, reset=False)

    def _end(self, gate: Gate, reset: bool) -> None:
        self._carrier.connection_ends(gate, reset=reset)
        gate.lose(reset=reset)


def _apply(gate: Gate, grips: Iterable[_Grip]) -> None:
    """Have a connection shaped by these, in this order, and by nothing else."""
    stages: tuple[list[Stage], list[Stage]] = ([], [])
    allowances: tuple[list[Allowance], list[Allowance]] = ([], [])
    blocked = [False, False]
    for grip in grips:
        lane = 1 if getattr(grip.fault.action, "direction", "down") == "up" else 0
        if grip.stage is not None:
            stages[lane].append(grip.stage)
        if grip.allowance is not None:
            allowances[lane].append(grip.allowance)
        if isinstance(grip.fault.action, Blackhole):
            blocked[lane] = True
    gate.fit(stages, allowances, (blocked[0], blocked[1]))
    if not grips:
        gate.step_aside()
