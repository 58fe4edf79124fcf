"""From a client spec to the bench that runs it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from overshoot_testkit.clients import (
    DriverSpec,
    NodeSpec,
    NpmSpec,
    PythonSpec,
    fetch_package,
    node_command,
    package_name,
    parse_spec,
)
from overshoot_testkit.lab._driver import DriverBench
from overshoot_testkit.lab._in_process import InProcessBench

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from overshoot_testkit.lab._engine import Bench
    from overshoot_testkit.lab._systems import System


@contextlib.contextmanager
def open_bench(
    spec: str, system: System[Any], *, seed: int, progress: Callable[[str], object]
) -> Iterator[Bench]:
    """A bench for the client that `spec` names; what it fetched is removed at the end.

    `progress` gets a line about what takes long. Raise `ClientSpecError` or `DriverError` if the client
    cannot be made ready, with a message for its author.
    """
    match parse_spec(spec):
        case PythonSpec(factory):
            yield InProcessBench(factory, system, seed=seed)
        case DriverSpec(command):
            yield DriverBench(command, system, seed=seed)
        case NodeSpec(wanted):
            yield DriverBench(node_command(wanted), system, seed=seed)
        case NpmSpec(package):
            with fetch_package(package, progress) as folder:
                yield DriverBench(node_command(package_name(package), folder), system, seed=seed)
