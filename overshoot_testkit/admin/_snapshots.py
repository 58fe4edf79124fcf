"""/snapshots and /reset: the fake as it was."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from overshoot_testkit.admin._operation import Ask, Nothing, Operation, View, not_found

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.admin._hosted import Hosted
    from overshoot_testkit.admin._moves import Moves
    from overshoot_testkit.admin._scenario import ScenarioPart


class SnapshotView(View):
    """A snapshot that is kept."""

    id: str
    at: float
    """Seconds of the clock when it was taken."""


class SnapshotsView(View):
    """All that are kept, oldest first."""

    snapshots: list[SnapshotView]


class StateView(View):
    """Where the fake stands now."""

    now: float
    """Seconds of the clock."""


class SnapshotsPart:
    """Its operations."""

    def __init__(
        self, fake: Hosted, moves: Moves, scenario: ScenarioPart, again: Callable[[], object] | None
    ) -> None:
        self._fake = fake
        self._moves = moves
        self._scenario = scenario
        self._again = again
        self._kept: dict[str, tuple[float, Any]] = {}
        self._numbers = itertools.count(1)

    def operations(self) -> list[Operation]:
        """What can be asked."""
        return [
            Operation(
                "reset",
                "POST",
                "/reset",
                "Begin anew: no streams, an empty journal, the clock at 0. Snapshots are kept.",
                self._reset,
                StateView,
                body=Nothing,
            ),
            Operation("get_snapshots", "GET", "/snapshots", "All snapshots.", self._all, SnapshotsView),
            Operation(
                "take_snapshot",
                "POST",
                "/snapshots",
                "Keep the state as it is now.",
                self._take,
                SnapshotView,
                status=201,
                body=Nothing,
            ),
            Operation(
                "restore_snapshot",
                "POST",
                "/snapshots/{id}/restore",
                "Let the state be again as it was then; time goes on.",
                self._restore,
                StateView,
                body=Nothing,
                errors=(404,),
            ),
            Operation(
                "forget_snapshot",
                "DELETE",
                "/snapshots/{id}",
                "Forget a snapshot.",
                self._forget,
                status=204,
                errors=(404,),
            ),
        ]

    async def _reset(self, _: Ask) -> StateView:
        async with self._moves.turn:
            self._scenario.drop()
            self._fake.reset()
            if self._again is not None:
                self._again()
            return self._state()

    def _all(self, _: Ask) -> SnapshotsView:
        views = [SnapshotView(id=name, at=at) for name, (at, _) in self._kept.items()]
        return SnapshotsView(snapshots=views)

    def _take(self, _: Ask) -> SnapshotView:
        name = f"snapshot-{next(self._numbers)}"
        at = round(self._fake.clock.now(), 6)
        self._kept[name] = (at, self._fake.snapshot())
        return SnapshotView(id=name, at=at)

    async def _restore(self, ask: Ask) -> StateView:
        async with self._moves.turn:
            self._fake.restore(self._find(ask)[1])
            return self._state()

    def _forget(self, ask: Ask) -> None:
        self._find(ask)
        del self._kept[ask.parameters["id"]]

    def _find(self, ask: Ask) -> tuple[float, Any]:
        name = ask.parameters["id"]
        if name not in self._kept:
            raise not_found("snapshot", name, list(self._kept))
        return self._kept[name]

    def _state(self) -> StateView:
        return StateView(now=round(self._fake.clock.now(), 6))
