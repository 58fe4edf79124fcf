"""Same seed, same journal, byte for byte, in any process."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PROCESSES = 20
SCENARIOS = ["much at once", "refusing deploy", "no credits", "latency"]


def journal_of(hash_seed: int) -> bytes:
    script = Path(__file__).with_name("fake_life.py")
    done = subprocess.run(
        [sys.executable, str(script), *SCENARIOS],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert b"" == done.stderr
    return done.stdout


def test_twenty_processes_write_the_same_journal():
    seeds = random.sample(range(2**32), PROCESSES)
    with ThreadPoolExecutor(2) as two_at_a_time:
        journals = list(two_at_a_time.map(journal_of, seeds))

    assert [journals[0]] * PROCESSES == journals
    assert journals[0].count(b'"event":"Request"') > 15
