"""Names the interpreters that the tests did not run on, so that none is left out in silence.

usage: python interpreters.py 3.11 3.12 3.13
"""

from __future__ import annotations

import shutil
import subprocess
import sys


def found(version: str) -> bool:
    """Whether `pythonX.Y` is on PATH and starts, which a shim for a version that is missing does not."""
    names = [f"python{version}", "python3", "python"]
    for path in filter(None, map(shutil.which, names)):
        asked = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
        if asked.returncode == 0 and f"{asked.stdout}{asked.stderr}".startswith(f"Python {version}."):
            return True
    return False


def main(versions: list[str]) -> int:
    for version in versions:
        print(f"Python {version}: {'run' if found(version) else 'NOT RUN, it is not on this machine'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
