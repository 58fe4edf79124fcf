"""Builds the wheel, installs it alone into an empty environment, and runs the suite from it.

usage: python wheel_alone.py

Needs `build`. Shows that `conformance/` and `fixtures/` are shipped inside the package, that site-packages
gains no other top-level module, and that nothing of the repository is needed at run time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FACTORY = """
from overshoot_testkit import ReferenceClient


def factory():
    return ReferenceClient()
"""
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"


def run(*command: str | Path, cwd: Path, expect: int = 0) -> str:
    words = [str(each) for each in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != expect:
        sys.exit(f"{command}: exit {done.returncode}, expected {expect}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def build_wheel(folder: Path) -> Path:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, REPOSITORY, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def top_level_modules(python: Path, cwd: Path) -> set[str]:
    """Top-level modules that the installed distribution brought, by its own record."""
    script = (
        "from importlib.metadata import files\n"
        "shipped = {f.parts[0] for f in files('overshoot-testkit') if '..' not in f.parts}\n"
        "print(*(each for each in shipped if not each.endswith('.dist-info')), sep='\\n')"
    )
    return set(run(python, "-c", script, cwd=cwd).split())


def main(folder: Path) -> None:
    wheel = build_wheel(folder)
    home = folder / "empty"
    venv.create(home, with_pip=True)
    python = home / SCRIPTS / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=folder)

    modules = top_level_modules(python, folder)
    if modules != {"overshoot_testkit"}:
        sys.exit(f"the wheel brings top-level modules {sorted(modules)}, expected overshoot_testkit alone")
    print("top-level modules of the wheel: overshoot_testkit")

    cli = home / SCRIPTS / "overshoot-testkit"
    print(run(cli, "conformance", "--client", "reference", "--no-color", cwd=folder).splitlines()[-1])
    broken = "overshoot_testkit.conformance.overshoot.broken.keepalive:Retries402"
    run(cli, "conformance", "--client", broken, "--rules", "KEEP-05", cwd=folder, expect=1)
    print("the suite runs from the wheel: the reference client passes, a broken one fails")

    foreign = folder / "foreign"
    (foreign / "its").mkdir(parents=True)
    (foreign / "its" / "module.py").write_text(FACTORY, encoding="utf-8")
    judged = run(
        python, "-m", "pytest", "--overshoot-fake", "--overshoot-client", "its.module:factory", cwd=foreign
    )
    print("a foreign project:", judged.splitlines()[-1].strip("= "))


if __name__ == "__main__":
    # Not below the repository: a foreign project must not find our configuration.
    with tempfile.TemporaryDirectory() as name:
        main(Path(name))
