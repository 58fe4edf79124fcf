"""How the Node driver that ships with the testkit is run."""

from __future__ import annotations

import shutil
from importlib import resources
from pathlib import Path

from overshoot_testkit.clients._process import DriverError

DRIVER_PACKAGE = "overshoot_testkit.fixtures.drivers.node"

_GET_NODE = (
    "Install Node.js 18.3 or newer (https://nodejs.org, or your system's package manager) and put it on PATH"
)


def find_program(name: str) -> str:
    """Full path of `node` or `npm` (on Windows `npm.cmd`). Raise `DriverError` saying how to get it."""
    if (found := shutil.which(name)) is None:
        raise DriverError(f"there is no {name!r} on PATH, and a JavaScript SDK needs it. {_GET_NODE}")
    return found


def node_command(wanted: str, package_dir: Path | None = None) -> list[str]:
    """The command of the Node driver for an SDK.

    `wanted`: a package's name, found from `package_dir` (by default the working directory), or the path of a
    package's folder or bundle. `package_dir` is also where @sinonjs/fake-timers and ws are looked for.
    """
    driver = Path(str(resources.files(DRIVER_PACKAGE) / "overshoot.mjs"))
    command = [find_program("node"), str(driver), wanted]
    return [*command, "--package-dir", str(package_dir)] if package_dir is not None else command
