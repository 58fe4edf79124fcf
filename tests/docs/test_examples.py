"""Every example in the README and the guides is executed.

An HTML comment above a fenced block says what it is: `<!-- example: file NAME -->` is written to NAME in the
page's folder, `<!-- example: run -->` or `<!-- example: run, exit N -->` is run there. The README's two
commands are marked `newcomer` instead: one runs these tests, the other is test_overshoot_sdk.py's.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PAGES = [
    "README.md",
    "docs/python-clients.md",
    "docs/fake.md",
    "docs/faults.md",
    "docs/pytest.md",
    "docs/scenarios.md",
    "docs/settings.md",
    "docs/serve.md",
    "docs/testing.md",
]
EXECUTED_BY_THEIR_OWN_TESTS = {"docs/driver-protocol.md", "docs/benchmarks.md", "docs/javascript.md"}
FENCE = re.compile(r"(?:<!-- (?P<mark>[^>]*) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)\n```", re.DOTALL)
CODE = {"python", "sh", "toml", "js"}


def blocks(page: str) -> list[re.Match[str]]:
    return list(FENCE.finditer((REPOSITORY / page).read_text(encoding="utf-8")))


def test_no_page_is_left_out() -> None:
    pages = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "docs").glob("*.md")}

    assert pages == {*PAGES[1:], *EXECUTED_BY_THEIR_OWN_TESTS}


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page(page: str, tmp_path: Path) -> None:
    for block in blocks(page):
        mark = block["mark"] or ""
        if mark.startswith("example: file "):
            (tmp_path / mark.removeprefix("example: file ")).write_text(block["text"], encoding="utf-8")
        elif mark.startswith("example: run"):
            expected = int(mark.partition("exit ")[2] or 0)
            for command in block["text"].splitlines():
                run(command, tmp_path, expected)
        else:
            assert mark.startswith("newcomer: ") or block["language"] not in CODE, f"not executed: {block[0]}"


def run(command: str, folder: Path, expected: int) -> None:
    scripts = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert expected == done.returncode, f"{command}\n{done.stdout}\n{done.stderr}"
