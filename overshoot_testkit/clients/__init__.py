"""The client under test: the protocol, loading by name, drivers for other languages, the reference client."""

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

__all__ = [
    "CAPABILITIES",
    "ERROR_KINDS",
    "TRANSPORTS",
    "Client",
    "ClientError",
    "ErrorReport",
    "Media",
    "Options",
    "Target",
    "report_of",
]
