"""Finds Chromium, or installs it where that is one command.

usage: python tests/browser/chromium.py

Prints where it is. On Debian and its kin, as root, a missing one is installed with apt-get; anywhere else the
last line says what to do, and the exit status is 1. `CHROMIUM` names another one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "msedge")
PLACES = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"%ProgramFiles%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Google\Chrome\Application\chrome.exe",
    r"%LocalAppData%\Google\Chrome\Application\chrome.exe",
    r"%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe",
)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",  # in containers there is none
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",  # nothing but the pages under test
    "--disable-component-update",
    "--disable-sync",
]
WHAT_TO_DO = (
    "Chromium was not found. Install it (Debian, Ubuntu: `apt-get install chromium`; macOS: `brew install "
    "--cask chromium`; Windows: Chrome or Edge will do), or set CHROMIUM to the path of one."
)


def find() -> Path | None:
    """Where it is; None where it is not."""
    named = os.environ.get("CHROMIUM")
    if named is not None:
        return Path(named) if Path(named).is_file() else None
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    return next((path for each in PLACES if (path := Path(os.path.expandvars(each))).is_file()), None)


def install() -> None:
    """With apt-get, where that is there and allowed; raises CalledProcessError if it fails."""
    apt = shutil.which("apt-get")
    if apt is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([apt, "update", "-qq"], env=quiet, check=True)
    subprocess.run(
        [apt, "install", "-qq", "-y", "--no-install-recommends", "chromium"], env=quiet, check=True
    )


def main() -> None:
    if find() is None and "CHROMIUM" not in os.environ:
        install()
    found = find()
    if found is None:
        sys.exit(WHAT_TO_DO)
    sys.stdout.write(f"{found}\n")


if __name__ == "__main__":
    main()
