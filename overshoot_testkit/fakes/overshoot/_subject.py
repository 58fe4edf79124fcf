"""What scenarios ask of the fake: facts about it, in numbers, and settings to be applied."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from overshoot_testkit.fakes.base import Traffic
    from overshoot_testkit.fakes.overshoot._ledger import Wallet
    from overshoot_testkit.fakes.overshoot._lifecycle import Lifecycle
    from overshoot_testkit.fakes.overshoot.settings import Settings


def facts_of(lifecycle: Lifecycle, traffic: Traffic, wallet: Wallet) -> dict[str, float]:
    """What is true now, by name."""
    return {
        "open_streams": len(lifecycle.open_streams()),
        "streams": len(lifecycle.streams),
        "open_sockets": traffic.sockets_open,
        "open_connections": traffic.connections_open,
        "requests_under_way": traffic.requests_open,
        "credits_cents": wallet.credits_cents,
    }


def changes_to(now: Settings, settings: Mapping[str, Any], profile: str | None) -> dict[str, Any]:
    """The settings that have to change for `now` to become `profile`, if one is given, with `settings`.

    Raises DocumentError, a ValueError, for names and values that do not exist.
    """
    from overshoot_testkit.fakes.overshoot.profiles import (  # noqa: PLC0415 - slow to import
        load_profile,
        settings_from,
    )

    wanted = settings_from(settings, base=now if profile is None else load_profile(profile))
    names = [each.name for each in dataclasses.fields(wanted)]
    return {name: getattr(wanted, name) for name in names if getattr(wanted, name) != getattr(now, name)}
