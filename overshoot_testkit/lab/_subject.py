"""The client under test as a scenario sees it: calls, callbacks and remains, all written to the journal."""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from overshoot_testkit.clients import ErrorReport, report_of
from overshoot_testkit.journal import (
    ClientCalled,
    ClientProbed,
    ClientReturned,
    ErrorReported,
    Inventory,
    ResultDelivered,
)
from overshoot_testkit.simulation import VirtualTimeLoop, owner

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from overshoot_testkit.clients import Client, Options, Target
    from overshoot_testkit.journal import Journal


@dataclasses.dataclass(slots=True)
class Call:
    """A method of the client that was called. `error` is set when it raised."""

    number: int
    method: str
    done: bool = False
    error: ErrorReport | None = None


class Subject(Protocol):
    """What both kinds of client, in process and behind a driver, offer to the laboratory."""

    name: str
    version: str
    capabilities: frozenset[str]
    labels: tuple[str, ...]

    async def begin(self, method: str, *, target: Target | None = None, **arguments: Any) -> Call:
        """Call a method; it goes on while time passes."""
        ...

    async def probe(self, moment: str) -> None:
        """Ask whether it is active and for its stream id."""
        ...

    async def take_inventory(self, moment: str) -> None:
        """Write down what it still holds."""
        ...

    async def end_media(self) -> None: ...

    async def aclose(self) -> None: ...


class Witness:
    """Writes to the journal what a client does, whichever kind it is."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self._calls = 0

    def called(self, method: str, arguments: Mapping[str, Any]) -> Call:
        self._calls += 1
        self.journal.add(ClientCalled(self._calls, method, self.journal.secrets.value(dict(arguments))))
        return Call(self._calls, method)

    def returned(self, call: Call, error: ErrorReport | None) -> None:
        call.done, call.error = True, error
        told = self.journal.secrets.value(dataclasses.asdict(error)) if error else None
        self.journal.add(ClientReturned(call.number, call.method, told))

    def result(self, result: Any) -> None:
        self.journal.add(ResultDelivered(self.journal.secrets.value(result)))

    def error(self, report: ErrorReport) -> None:
        text = self.journal.secrets.text
        self.journal.add(
            ErrorReported(
                report.kind,
                text(report.message),
                report.status,
                report.close_code,
                text(report.reason) if report.reason else None,
            )
        )


class InProcessSubject:
    """A Python client on the simulation's loop. What it makes is told from the harness's by its owner."""

    OWNER = "client"

    def __init__(self, client: Client, journal: Journal, loop: VirtualTimeLoop) -> None:
        self.name = client.name
        self.version = client.version
        self.capabilities = frozenset(client.capabilities)
        self.labels: tuple[str, ...] = tuple(getattr(client, "labels", ()))
        self._client = client
        self._loop = loop
        self._witness = Witness(journal)
        self._threads = set(threading.enumerate())
        self._files = _open_files()
        self._calls: set[asyncio.Task[None]] = set()

    async def begin(self, method: str, *, target: Target | None = None, **arguments: Any) -> Call:
        options: Options | None = arguments.pop("options", None)
        call = self._witness.called(method, {**arguments, **(options.as_wire() if options else {})})
        coroutine: Coroutine[Any, Any, object]
        if method == "start":
            if target is None or options is None:
                raise TypeError("start needs a target and options")
            coroutine = self._client.start(target, options, self._on_result, self._witness.error)
        else:
            coroutine = getattr(self._client, method)(**arguments)
        context = contextvars.copy_context()
        context.run(owner.set, self.OWNER)
        task = self._loop.create_task(self._follow(call, coroutine), name=f"client.{method}", context=context)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return call

    async def _follow(self, call: Call, coroutine: Coroutine[Any, Any, object]) -> None:
        try:
            await coroutine
        except Exception as error:  # noqa: BLE001 - whatever an SDK raises is what it told its user
            self._witness.returned(call, report_of(error))
        else:
            self._witness.returned(call, None)

    def _on_result(self, result: Mapping[str, Any]) -> None:
        self._witness.result(dict(result))

    async def probe(self, moment: str) -> None:
        self._witness.journal.add(
            ClientProbed(moment, bool(self._client.is_active()), self._client.stream_id())
        )

    async def take_inventory(self, moment: str) -> None:
        held = self._loop.inventory(self.OWNER)
        pending = {task.get_name() for task in self._calls}
        threads = [thread.name for thread in threading.enumerate() if thread not in self._threads]
        files = _open_files() - self._files - self._loop.network.descriptors.numbers()
        self._witness.journal.add(
            Inventory(
                moment,
                tasks=[text for text in held.tasks if not any(name in text for name in pending)],
                timers=list(held.timers),
                connections=list(held.connections),
                threads=threads,
                files=[f"file descriptor {each}" for each in sorted(files)] if not held.connections else [],
            )
        )

    async def end_media(self) -> None:
        ending: Callable[[], object] | None = getattr(self._client, "end_media", None)
        if ending is None:
            raise TypeError(f"{self.name} declares no way to end its media")
        ending()

    async def aclose(self) -> None:
        for task in tuple(self._calls):
            task.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        await self._client.aclose()


def _open_files() -> set[int]:
    """Numbers of open file descriptors; empty where the system does not list them (Windows)."""
    folder = Path("/dev/fd")
    # A list, so that the descriptor by which the folder is read is closed when they are looked at.
    listed = [int(entry.name) for entry in list(folder.iterdir())] if folder.is_dir() else []
    return {each for each in listed if _is_open(each)}


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
