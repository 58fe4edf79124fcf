"""In memory at latency 0 and on loopback sockets the fake and its client see the same, event by event."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fake_life import in_memory, on_loopback, trouble

SCENARIOS = list(trouble(None))  # type: ignore[arg-type]  # only the names are wanted


def seen_by(journal: str) -> dict[str, list[dict[str, Any]]]:
    """What the server and each of the client's connections saw, in their own order.

    Which of two connections hears first of one moment is nothing that TCP promises.
    """
    seen: dict[str, list[dict[str, Any]]] = {"server": [], "requests": [], "socket": []}
    for line in journal.splitlines():
        event = json.loads(line)
        del event["seq"]
        who = event["text"].partition(":")[0] if event["event"] == "Note" else "server"
        seen[who].append(event)
    return seen


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_memory_and_loopback_tell_the_same_story(scenario):
    memory, loopback = seen_by(in_memory(scenario)), seen_by(on_loopback(scenario))

    for who in ("server", "requests", "socket"):
        assert memory[who] == loopback[who], who
        assert memory[who]
