"""The hosts of a simulation: names, addresses, listeners, connections."""

from __future__ import annotations

import asyncio
import contextvars
import errno
import ipaddress
import itertools
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from overshoot_testkit.simulation._connection import Connection
from overshoot_testkit.simulation._link import Link
from overshoot_testkit.simulation._ownership import owner
from overshoot_testkit.simulation._server import MemoryServer
from overshoot_testkit.simulation._socket import Address, Descriptors
from overshoot_testkit.simulation._stacks import caller_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from overshoot_testkit.simulation._loop import VirtualTimeLoop

_LOOPBACK = "127.0.0.1"
_LOOPBACK_NAMES = frozenset({"localhost", _LOOPBACK, "::1", "ip6-localhost"})
_ANY = "0.0.0.0"  # noqa: S104  (no real interface is involved)
_ANY_NAMES = frozenset({"", _ANY, "::"})

# 198.18.0.0/15 is reserved for tests between networks: RFC 2544. The first address is the client's own.
_FIRST_ADDRESS = ipaddress.IPv4Address("198.18.0.1")

# The range that IANA keeps for what is not registered, RFC 6335; clients and port 0 each get a half.
_CLIENT_PORTS = 49152
_SERVER_PORTS = 57344


@dataclass(frozen=True, slots=True)
class Route:
    """A way that was found open: what a connection is made from."""

    link: Link
    listener: MemoryServer
    address: Address


class MemoryNetwork:
    """Hosts by name, and the conditions on the way to each."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop
        self._addresses: dict[str, str] = {}
        self._links: dict[str, Link] = {}
        self._listeners: dict[Address, MemoryServer] = {}
        self._connections: dict[Connection, None] = {}
        self._client_ports = itertools.count(_CLIENT_PORTS)
        self._server_ports = itertools.count(_SERVER_PORTS)
        self._next_address = _FIRST_ADDRESS + 1
        self.descriptors = Descriptors()
        self._add("localhost", _LOOPBACK)

    # --- hosts

    def add_host(self, name: str) -> str:
        """Make a name (or an address) known; its address, the same one when asked again."""
        name = _plain(name)
        if name not in self._addresses:
            try:
                address = str(ipaddress.ip_address(name))
            except ValueError:
                address = str(self._next_address)
                self._next_address += 1
            self._add(name, address)
        return self._addresses[name]

    def _add(self, name: str, address: str) -> None:
        self._addresses[name] = address
        self._links[address] = Link(name, lambda: self._open_to(address))

    def _open_to(self, address: str) -> list[Connection]:
        return [connection for connection in self._connections if connection.peer[0] == address]

    def link(self, host: str) -> Link:
        """Conditions on the way to a host."""
        address = self.resolve(host)
        if address not in self._links:
            raise LookupError(_unknown(host))
        return self._links[address]

    @property
    def links(self) -> tuple[Link, ...]:
        return tuple(self._links.values())

    def resolve(self, host: str | bytes | None) -> str:
        """Address of a name; a numeric address is its own. Raises `socket.gaierror` for an unknown name."""
        if host is None:
            return _LOOPBACK
        name = _plain(host)
        if name in _LOOPBACK_NAMES:
            return _LOOPBACK
        if name in _ANY_NAMES:
            return _ANY
        if name in self._addresses:
            return self._addresses[name]
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            raise socket.gaierror(socket.EAI_NONAME, _unknown(name)) from None
        return _LOOPBACK if address.is_loopback else str(address)

    def name_of(self, address: str) -> str:
        """Name of an address; the address itself where there is none."""
        link = self._links.get(self.resolve(address))
        return link.host if link else address

    # --- listening

    def bind(
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        hosts: list[str | None],
        port: int,
        sslcontext: object,
    ) -> MemoryServer:
        """Listen on hosts; a name that is not known becomes a host. None is every host."""
        addresses: list[Address] = []
        for host in hosts:
            name = _plain(host or _ANY)
            if name not in _LOOPBACK_NAMES | _ANY_NAMES:
                self.add_host(name)
            port = port or next(self._server_ports)
            address = (self.resolve(name), port)
            if address not in addresses:
                addresses.append(address)
        for address in addresses:
            if address in self._listeners:
                raise OSError(
                    errno.EADDRINUSE,
                    f"error while attempting to bind on address {address!r}: address already in use",
                )
        server = MemoryServer(self._loop, protocol_factory, addresses, sslcontext)
        self._listeners.update(dict.fromkeys(addresses, server))
        return server

    def unbind(self, server: MemoryServer) -> None:
        for address in [address for address, bound in self._listeners.items() if bound is server]:
            del self._listeners[address]

    # --- connecting

    async def reach(self, host: str | bytes | None, port: int) -> Route:
        """Do what precedes a connection: one exchange with the host. Raises as a socket's connect would."""
        address = (self.resolve(host), port)
        if address[0] == _ANY:
            address = (_LOOPBACK, port)
        link = self._links.get(address[0])
        if link is None:
            raise OSError(errno.EHOSTUNREACH, f"Connect call failed {address}: {_unknown(address[0])}")
        await link.passable()
        await asyncio.sleep(2 * link.latency)
        await link.passable()
        listener = self._listeners.get(address) or self._listeners.get((_ANY, port))
        if listener is None or not listener.is_serving() or link.refused:
            raise ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {address}")
        return Route(link, listener, address)

    def connect(self, route: Route) -> Connection:
        here = _LOOPBACK if route.address[0] == _LOOPBACK else str(_FIRST_ADDRESS)
        connection = Connection(
            self._loop,
            route.link,
            route.listener,
            ((here, next(self._client_ports)), route.address),
            context=contextvars.copy_context(),
            owner=owner.get(),
            opened_by=caller_place(),
        )
        self._connections[connection] = None
        return connection

    def connections(self, owner: str | None = None) -> list[Connection]:
        """Connections whose client's end is open, oldest first; of one owner or of all."""
        return [c for c in self._connections if c.is_open and (owner is None or c.owner == owner)]

    def forget(self, connection: Connection) -> None:
        """Drop a connection once both its ends are lost."""
        if connection.client.is_lost and connection.server.is_lost:
            self._connections.pop(connection, None)

    def close(self) -> None:
        for connection in self._connections:
            connection.client.forsake()
            connection.server.forsake()
        self._connections.clear()
        self._listeners.clear()
        self.descriptors.close()


def _plain(host: str | bytes) -> str:
    name = host.decode("idna") if isinstance(host, bytes) else host
    return name.rstrip(".").lower()


def _unknown(name: str | bytes) -> str:
    return (
        f"the simulation has no host {name if isinstance(name, str) else os.fsdecode(name)!r}: "
        "add it with loop.network.add_host(name), or serve on it with create_server(..., host=name)"
    )
