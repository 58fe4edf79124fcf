"""A package from npm in a folder that is gone afterwards."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from overshoot_testkit.clients._node import find_program
from overshoot_testkit.clients._process import DriverError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HELPERS = ("@sinonjs/fake-timers@15.0.0", "ws@8.18.3")
"""What the Node driver needs beside the SDK. Pinned: a verdict must not change because one of them did."""

_SPEC = re.compile(r"(?P<name>(?:@[\w.-]+/)?[\w][\w.-]*)(?:@(?P<version>[\w.+-]+))?", re.ASCII)
_OPTIONS = (
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-save",
    "--no-package-lock",
    "--loglevel=error",
)
_PATIENCE = 300.0  # real seconds for npm
_LINES_SHOWN = 6


def package_name(spec: str) -> str:
    """`@overshoot/sdk` of `@overshoot/sdk@0.1.0-alpha.2`. Raise `DriverError` if npm has no such names."""
    if (match := _SPEC.fullmatch(spec)) is None:
        raise DriverError(
            f"{spec!r} is not an npm package: write NAME or NAME@VERSION, as in @overshoot/sdk@0.1.0-alpha.2"
        )
    return match["name"]


@contextlib.contextmanager
def fetch_package(spec: str, progress: Callable[[str], object] | None = None) -> Iterator[Path]:
    """Install `spec` and the driver's helpers into a temporary folder; yield it, remove it at the end.

    No install script of any package is run. `progress` gets a line when it begins and one when it is done.
    Blocks: call it before the event loop runs. Raise `DriverError` if node or npm is missing, or npm cannot
    find or fetch the package.
    """
    name = package_name(spec)
    find_program("node")  # npm alone would be of no use later
    npm = find_program("npm")
    tell = progress or (lambda _line: None)
    with tempfile.TemporaryDirectory(prefix="overshoot-sdk-", ignore_cleanup_errors=True) as folder:
        tell(f"fetching {spec} from npm …")
        _install(npm, spec, folder)
        manifest = Path(folder, "node_modules", *name.split("/"), "package.json")
        version = json.loads(manifest.read_text(encoding="utf-8"))["version"]
        tell(f"fetched {name} {version}")
        yield Path(folder)


def _install(npm: str, spec: str, folder: str) -> None:
    command = [npm, "install", "--prefix", folder, *_OPTIONS, spec, *HELPERS]
    try:
        done = subprocess.run(  # noqa: S603 (a full path, and a spec that has been checked)
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise DriverError(
            f"npm has not fetched {spec} in {_PATIENCE:g} s: is the registry reachable?"
        ) from None
    if done.returncode == 0:
        return
    if re.search(r"\bE404\b", done.stderr):
        raise DriverError(f"npm knows no package {spec!r}: check its name")
    if re.search(r"\b(ETARGET|notarget)\b", done.stderr):
        raise DriverError(
            f"npm has no such version: {spec!r}. `npm view {package_name(spec)} versions` lists them"
        )
    tail = "\n".join(f"  {line}" for line in done.stderr.strip().splitlines()[:_LINES_SHOWN])
    raise DriverError(f"npm could not fetch {spec} (exit code {done.returncode}):\n{tail}")
