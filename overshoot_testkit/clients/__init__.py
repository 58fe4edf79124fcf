"""The client under test: the protocol, loading by name, drivers for other languages, the reference client."""

from overshoot_testkit.clients._driver import CallHandle, CallOutcome, DriverClient
from overshoot_testkit.clients._driver_state import DriverState, Hello
from overshoot_testkit.clients._loading import (
    FORMS,
    ClientSpec,
    DriverSpec,
    NodeSpec,
    NpmSpec,
    PythonSpec,
    parse_spec,
)
from overshoot_testkit.clients._node import node_command
from overshoot_testkit.clients._npm import fetch_package, package_name
from overshoot_testkit.clients._process import DriverError
from overshoot_testkit.clients._protocol import (
    CAPABILITIES,
    ERROR_KINDS,
    TRANSPORTS,
    Client,
    ClientError,
    ErrorReport,
    Media,
    Options,
    Target,
    report_of,
)
from overshoot_testkit.clients._python_client import ClientSpecError, client_problems

__all__ = [
    "CAPABILITIES",
    "ERROR_KINDS",
    "FORMS",
    "TRANSPORTS",
    "CallHandle",
    "CallOutcome",
    "Client",
    "ClientError",
    "ClientSpec",
    "ClientSpecError",
    "DriverClient",
    "DriverError",
    "DriverSpec",
    "DriverState",
    "ErrorReport",
    "Hello",
    "Media",
    "NodeSpec",
    "NpmSpec",
    "Options",
    "PythonSpec",
    "Target",
    "client_problems",
    "fetch_package",
    "node_command",
    "package_name",
    "parse_spec",
    "report_of",
]
