"""The asyncio loop whose time is virtual and whose network is in memory."""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, TypeVar, cast

from overshoot_testkit.clock import EPOCH, LoopClock
from overshoot_testkit.clock._wall import WallClock
from overshoot_testkit.simulation._determinism import Pinned
from overshoot_testkit.simulation._network import MemoryNetwork, Route
from overshoot_testkit.simulation._outside import OutsideWork
from overshoot_testkit.simulation._ownership import Inventory, TaskOwners, tasks_of, timers_of
from overshoot_testkit.simulation._selector import VirtualSelector
from overshoot_testkit.simulation._tls import without_tls
from overshoot_testkit.simulation._transport import MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
    from concurrent.futures import Executor

T = TypeVar("T")


class _Nothing:
    """Awaited, it is done."""

    def __await__(self) -> Iterator[None]:
        return iter(())


_NOTHING = _Nothing()
_INTERNET = (socket.AF_INET, socket.AF_INET6)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Time stands still while anything is ready or real work is outstanding, then jumps to the next timer.

    `time()` begins at 0.0 and after a jump is exactly the timer's moment. While the loop runs, in its
    thread, wall time and `time.monotonic` follow it (`wall`), TLS is passed through, and randomness comes
    from `seed` unless that is None. All connections by name or address are in memory: see `network`.

    Limits: timers at equal moments fire in asyncio's order, which is not that of their making. Blocking
    calls in the loop's thread take real time and no virtual time. Unix sockets, datagrams and subprocesses
    are real. Sockets that were connected elsewhere may be adopted, and are real, but without TLS.
    """

    _selector: VirtualSelector
    _scheduled: list[asyncio.TimerHandle]
    _ready: Iterable[asyncio.Handle]
    _thread_id: int | None
    _default_executor: ThreadPoolExecutor | None
    _asyncgens: weakref.WeakSet[Any]

    def __init__(
        self,
        *,
        seed: int | None = 0,
        origin: float = EPOCH,
        wall: bool = True,
        hold_limit: float = 30.0,
        spin_limit: int = 1_000_000,
    ) -> None:
        self._now = 0.0
        self.virtual_origin = origin
        selector = VirtualSelector()
        selector.loop = self
        selector.spin_limit = spin_limit
        super().__init__(selector)
        self._clock_resolution = math.ulp(0.0)
        self.before_jump: Callable[[], bool] | None = None
        """Asked when all are idle; true if it has given them something to do."""
        self.owners = TaskOwners()
        self._routes: weakref.WeakKeyDictionary[socket.socket, Route] = weakref.WeakKeyDictionary()
        self.outside = OutsideWork(self, hold_limit)
        self.network = MemoryNetwork(self)
        self.clock = LoopClock(self)
        self._wall = WallClock(self.clock) if wall else None
        self._pinned = Pinned(seed) if seed is not None else None

    # --- time

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now

    def jump(self) -> None:
        """Move time to the next timer; the selector's to call."""
        if self.before_jump is not None and self.before_jump():
            return
        self._now = now = self._scheduled[0].when()
        # The next representable moment: a timer fires when its time has come, at any distance from 0.
        self._clock_resolution = math.ulp(now)
        if self._wall is not None:
            self._wall.sync()

    def has_ready(self) -> bool:
        return bool(self._ready)

    def run_forever(self) -> None:
        with ExitStack() as stack:
            stack.enter_context(without_tls(self))
            if self._wall is not None:
                stack.enter_context(self._wall)
            if self._pinned is not None:
                stack.enter_context(self._pinned)
            super().run_forever()

    # --- real work

    @property
    def hold_limit(self) -> float:
        """Real seconds for which real work may hold the clock."""
        return self.outside.limit

    @hold_limit.setter
    def hold_limit(self, seconds: float) -> None:
        self.outside.limit = seconds

    def hold(self, reason: str) -> AbstractContextManager[None]:
        """Keep virtual time from moving: real work is outstanding that the loop cannot see. Any thread."""
        return self.outside.hold(reason)

    def wake(self) -> None:
        """Make the selector look again."""
        if not self.is_closed():
            self._write_to_self()

    def _write_to_self(self) -> None:
        # A system call for each wake-up is only needed if somebody waits, or may be about to.
        if self._selector.blocked or threading.get_ident() != self._thread_id:
            self._selector.woken = True
            super()._write_to_self()  # type: ignore[misc]

    def add_signal_handler(  # type: ignore[override]
        self, sig: int, callback: Callable[..., object], *args: Any
    ) -> None:
        super().add_signal_handler(sig, callback, *args)
        self._selector.watch_always()

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        if executor is None:
            if self._default_executor is None:
                self.set_default_executor(ThreadPoolExecutor(thread_name_prefix="asyncio"))
            executor = self._default_executor
        assert executor is not None
        work = executor.submit(func, *args)
        done = asyncio.wrap_future(work, loop=self)
        self.outside.watch(work, func)
        return done

    # Each run of the loop sets time and randomness and puts them back. A loop that closes runs twice to end
    # what most have never begun.

    def run_until_complete(self, future: Generator[Any, None, T] | Awaitable[T]) -> T:
        # What is not begun returns None, as do those that end it.
        return cast("T", None) if isinstance(future, _Nothing) else super().run_until_complete(future)

    def shutdown_asyncgens(self) -> Any:
        if self._asyncgens:
            return super().shutdown_asyncgens()
        self._asyncgens_shutdown_called = True
        return _NOTHING

    def shutdown_default_executor(self, timeout: float | None = None) -> Any:
        if self._default_executor is not None:
            return self._shutdown_executor(timeout)
        self._executor_shutdown_called = True
        return _NOTHING

    async def _shutdown_executor(self, timeout: float | None) -> None:
        assert self._default_executor is not None
        if self.outside.gave_up:
            # Waiting for the thread that held the clock for too long would take as long again.
            self._default_executor.shutdown(wait=False, cancel_futures=True)
            return
        with self.hold("shutting down the default executor"):
            await super().shutdown_default_executor(*(() if timeout is None else (timeout,)))

    # --- ownership

    def create_task(self, coro: Coroutine[Any, Any, Any], **kwargs: Any) -> asyncio.Task[Any]:  # type: ignore[override]
        task = super().create_task(coro, **kwargs)
        self.owners.note(task, kwargs.get("context"))
        return task

    def cancel_all(self) -> None:
        """Cancel the tasks that are left, and wait for them; oldest first, where asyncio has no order."""
        left = self.owners.pending(self)
        for task in left:
            task.cancel()
        if left:
            self.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        for task in left:
            if not task.cancelled() and task.exception() is not None:
                text = "unhandled exception while what was left of the program was cancelled"
                self.call_exception_handler({"message": text, "exception": task.exception(), "task": task})

    def inventory(self, owner: str) -> Inventory:
        """Tasks, timers and connections that an owner has open; the calling task is left out."""
        return Inventory(
            tasks_of(owner, self.owners, self),
            timers_of(owner, self._scheduled, self),
            tuple(map(str, self.network.connections(owner))),
        )

    # --- network

    async def getaddrinfo(
        self,
        host: str | bytes | None,
        port: str | int | bytes | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002  (asyncio's name for it)
        proto: int = 0,  # noqa: ARG002  (asyncio's signature)
        flags: int = 0,
    ) -> list[tuple[Any, ...]]:
        if host is None and flags & socket.AI_PASSIVE:
            host = "0.0.0.0"  # noqa: S104
        address = self.network.resolve(host)
        if family == socket.AF_INET6:
            raise socket.gaierror(
                socket.EAI_NONAME, f"hosts of the simulation have no IPv6 address: {host!r}"
            )
        kind = socket.SOCK_DGRAM if type == socket.SOCK_DGRAM else socket.SOCK_STREAM
        number = socket.IPPROTO_UDP if kind == socket.SOCK_DGRAM else socket.IPPROTO_TCP
        return [(socket.AF_INET, kind, number, "", (address, _port(port)))]

    async def getnameinfo(self, sockaddr: tuple[Any, ...], flags: int = 0) -> tuple[str, str]:
        host, port = sockaddr[:2]
        return (host if flags & socket.NI_NUMERICHOST else self.network.name_of(host)), str(port)

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        if sock.family not in _INTERNET:
            await super().sock_connect(sock, address)
            return
        self._routes[sock] = await self.network.reach(address[0], address[1])

    async def create_connection(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | bytes | None = None,
        port: str | int | None = None,
        *,
        ssl: Any = None,
        sock: socket.socket | None = None,
        server_hostname: str | None = None,
        **options: Any,
    ) -> tuple[asyncio.BaseTransport, asyncio.BaseProtocol]:
        if sock is not None and host is None and port is None:
            route = self._routes.pop(sock, None)
            if route is None:
                return await super().create_connection(
                    protocol_factory, sock=sock, ssl=ssl, server_hostname=server_hostname, **options
                )
            sock.close()
            await asyncio.sleep(0)
        elif sock is not None or (host is None and port is None):
            raise ValueError("host/port or sock: one of them, and not both")
        else:
            if server_hostname is not None and not ssl:
                raise ValueError("server_hostname is only meaningful with ssl")
            route = await self.network.reach(host, _port(port))
        connection = self.network.connect(route)
        if ssl:
            connection.client.describe_tls(ssl)
        protocol = protocol_factory()
        connection.client.open(protocol)
        return connection.client, protocol

    async def create_server(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | Iterable[str] | None = None,
        port: int | None = None,
        *,
        ssl: Any = None,
        sock: socket.socket | None = None,
        start_serving: bool = True,
        **options: Any,
    ) -> asyncio.AbstractServer:
        if sock is not None:
            return await super().create_server(
                protocol_factory, sock=sock, ssl=ssl, start_serving=start_serving, **options
            )
        if host is None and port is None:
            raise ValueError("Neither host/port nor sock were specified")
        hosts: list[str | None] = [host] if host is None or isinstance(host, str) else list(host)
        server = self.network.bind(protocol_factory, hosts, port or 0, ssl)
        if start_serving:
            await server.start_serving()
        return server

    async def start_tls(  # type: ignore[override]
        self,
        transport: asyncio.BaseTransport,
        protocol: asyncio.BaseProtocol,
        sslcontext: Any,
        **options: Any,
    ) -> asyncio.BaseTransport | None:
        if not isinstance(transport, MemoryTransport):
            return await super().start_tls(transport, protocol, sslcontext, **options)
        transport.describe_tls(sslcontext)
        transport.set_protocol(protocol)
        transport.resume_reading()
        return transport

    def close(self) -> None:
        if not self.is_closed() and not self.is_running():
            self.network.close()
        super().close()


def _port(port: str | bytes | int | None) -> int:
    if port is None or port == "":
        return 0
    if isinstance(port, bytes):
        port = port.decode("ascii")
    return socket.getservbyname(port) if isinstance(port, str) and not port.isdigit() else int(port)
