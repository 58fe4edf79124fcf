"""A fake server that knows no vendor: requests, WebSockets, faults on both, and where it listens."""

from overshoot_testkit.fakes.base._body import NotJsonError, parse_json
from overshoot_testkit.fakes.base._call import SAME, Call, Principal, Refusal, Reply, Vendor
from overshoot_testkit.fakes.base._listener import PortInUseError, RemoteHostError, open_port
from overshoot_testkit.fakes.base._outage import OutageKept
from overshoot_testkit.fakes.base._routes import Route, RouteTable
from overshoot_testkit.fakes.base._service import Service
from overshoot_testkit.fakes.base._socket import Socket, SocketState
from overshoot_testkit.fakes.base._traffic import Traffic
from overshoot_testkit.fakes.base._work import Pending

__all__ = [
    "SAME",
    "Call",
    "NotJsonError",
    "OutageKept",
    "Pending",
    "PortInUseError",
    "Principal",
    "Refusal",
    "RemoteHostError",
    "Reply",
    "Route",
    "RouteTable",
    "Service",
    "Socket",
    "SocketState",
    "Traffic",
    "Vendor",
    "open_port",
    "parse_json",
]
