"""The marker `overshoot(...)`: what a test asks of its fake."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pytest

    from overshoot_testkit.fakes.overshoot import Settings
    from overshoot_testkit.scenarios import Scenario

MARKER = "overshoot"
DESCRIPTION = (
    "overshoot(clock='virtual'|'real', expect_open_streams=N, allow_unfired_faults=False, "
    "scenario='file.yaml', settings={...}, "
    "**settings): run this test with OVERSHOOT_API_URL, OVERSHOOT_BASE_URL and OVERSHOOT_API_KEY set, and "
    "say how its fake behaves; see docs/pytest.md of overshoot-testkit"
)

ClockWish = Literal["virtual", "real"]


class MarkerError(Exception):
    """The marker asks for something that does not exist; the text says what does."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the markers of one test come to; the closest one counts where several speak of the same."""

    clock: ClockWish | None = None
    """None: virtual where that is possible."""
    expect_open_streams: int = 0
    """How many streams the test leaves open on purpose; exactly so many."""
    allow_unfired_faults: bool = False
    scenario: Scenario | None = None
    """What is played on the fake; by the marker named as a file, or as one of those that ship."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the fake, and those of its account, by name."""

    @classmethod
    def of(cls, item: pytest.Item) -> Wishes:
        """Raises MarkerError."""
        merged: dict[str, Any] = {}
        settings: dict[str, Any] = {}
        own = {each.name for each in dataclasses.fields(cls)} - {"settings"}
        for marker in reversed(list(item.iter_markers(MARKER))):
            if marker.args:
                raise MarkerError(f"pytest.mark.overshoot takes keywords only, not {marker.args[0]!r}")
            words = dict(marker.kwargs)
            listed = words.pop("settings", {})
            if not isinstance(listed, dict):
                raise MarkerError(f"settings: {listed!r} is not a dict of the fake's settings by name")
            merged |= {name: value for name, value in words.items() if name in own}
            settings |= listed | {name: value for name, value in words.items() if name not in own}
        if merged.get("scenario") is not None:
            merged["scenario"] = _scenario(merged["scenario"], item)
        wishes = cls(**merged, settings=settings)
        wishes.check()
        return wishes

    def check(self) -> None:
        """What can be told without the fake. Raises MarkerError."""
        if self.clock is not None and self.clock not in get_args(ClockWish):
            raise MarkerError(f"clock: {self.clock!r} is neither 'virtual' nor 'real'")
        count = self.expect_open_streams
        if type(count) is not int or count < 0:
            raise MarkerError(f"expect_open_streams: {count!r} is not a number of streams")
        if not isinstance(self.allow_unfired_faults, bool):
            raise MarkerError(
                f"allow_unfired_faults: {self.allow_unfired_faults!r} is neither True nor False"
            )

    def make_settings(self) -> Settings:
        """The fake's settings. Raises MarkerError for a name or value that it does not have."""
        if not self.settings and self.scenario is None:
            return _default_settings()
        from overshoot_testkit.fakes.overshoot.settings import (  # noqa: PLC0415 - only when used
            DEFAULT_KEY,
            Account,
            Settings,
        )

        of_fake = [each.name for each in dataclasses.fields(Settings)]
        of_account = [each.name for each in dataclasses.fields(Account) if each.name not in of_fake]
        unknown = [name for name in self.settings if name not in of_fake and name not in of_account]
        if unknown:
            raise MarkerError(_unknown(unknown[0], [*of_fake, *of_account]))
        changes = {name: value for name, value in self.settings.items() if name in of_fake}
        account = {name: value for name, value in self.settings.items() if name in of_account}
        if account and "accounts" in changes:
            raise MarkerError(f"{', '.join(account)}: say so in accounts, which is given too")
        try:
            base = Settings() if self.scenario is None else _settings_of(self.scenario)
            if account:
                first = base.accounts.get(DEFAULT_KEY, Account())
                changes["accounts"] = {**base.accounts, DEFAULT_KEY: dataclasses.replace(first, **account)}
            return dataclasses.replace(base, **changes)
        except (TypeError, ValueError) as error:
            raise MarkerError(str(error)) from error


@functools.cache
def _default_settings() -> Settings:
    from overshoot_testkit.fakes.overshoot import Settings  # noqa: PLC0415 - only when used

    return Settings()


def _scenario(name: object, item: pytest.Item) -> Scenario:
    """A scenario file: beside the test, in the root directory, or one that ships. Raises MarkerError."""
    from overshoot_testkit.documents import DocumentError  # noqa: PLC0415 - only when used
    from overshoot_testkit.scenarios import load_scenario  # noqa: PLC0415

    if not isinstance(name, str | os.PathLike):
        raise MarkerError(f"scenario: {name!r} is neither a file nor the name of a scenario that ships")
    for folder in (item.path.parent, item.config.rootpath):
        if (folder / name).is_file():
            name = folder / name
            break
    try:
        return load_scenario(name)
    except DocumentError as error:
        raise MarkerError(f"scenario: {error}") from error


def _settings_of(scenario: Scenario) -> Settings:
    """Raises DocumentError, a ValueError."""
    from overshoot_testkit.fakes.overshoot.profiles import (  # noqa: PLC0415 - only when used
        load_profile,
        settings_from,
    )

    return scenario.configure(
        lambda settings, profile: settings_from(settings, base=load_profile(profile or "seed"))
    )


def _unknown(name: str, of_fake: Iterable[str]) -> str:
    known = sorted({*of_fake, "allow_unfired_faults", "clock", "expect_open_streams", "scenario", "settings"})
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"pytest.mark.overshoot has no keyword {name!r}; {hint}There are: {', '.join(known)}"
