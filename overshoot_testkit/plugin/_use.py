"""One test's fake: started for it, watched while it runs, judged and ended after it."""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from overshoot_testkit.journal import Request
from overshoot_testkit.plugin import _fixtures, _leaks
from overshoot_testkit.plugin._origins import Describe, Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from overshoot_testkit.fakes.overshoot import OvershootFake
    from overshoot_testkit.journal import Event, Recording
    from overshoot_testkit.plugin._clock import TestClock
    from overshoot_testkit.plugin._marker import Wishes
    from overshoot_testkit.scenarios import Playing


class Use:
    """What the fixtures hand out, and what is known of who called the fake.

    `fake`, `faults` and `journal` are the real ones, or views of them where they live in another thread.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        fake: Any,
        faults: Any,
        journal: Recording,
        clock: TestClock,
        judge: Callable[[], str | None],
    ) -> None:
        self.base_url = base_url
        self.api_key = api_key
        self.fake = fake
        self.faults = faults
        self.journal = journal
        self.clock = clock
        self._judge = judge
        self.judged = False

    def judge(self) -> str | None:
        """Say what the test has left behind, once; to be called while its loop does not run."""
        self.judged = True
        return self._judge()


class Origins:
    """Listens to a journal, and finds out who is behind each request that opens a stream."""

    def __init__(self, locate: Callable[[], Origin]) -> None:
        self._locate = locate
        self.found: dict[str, Origin] = {}
        """By request id."""

    def __call__(self, event: Event) -> None:
        if isinstance(event, Request) and event.route == "create":
            self.found[event.request_id] = self._locate()


def describer(item: pytest.Item) -> Describe:
    name = getattr(item, "originalname", None) or item.name
    return Describe(item.config.rootpath, str(item.path), name)


def begin(
    wishes: Wishes, fake: OvershootFake, call: Callable[..., Any] = lambda function, *args: function(*args)
) -> Playing | None:
    """Play the scenario that the marker names, if one. What the fake does not have fails the test."""
    if wishes.scenario is None:
        return None
    from overshoot_testkit.documents import DocumentError  # noqa: PLC0415 - only when used
    from overshoot_testkit.scenarios import play  # noqa: PLC0415

    try:
        playing: Playing = call(partial(play, configured=True), wishes.scenario, fake)
    except DocumentError as error:
        problem = str(error)
    else:
        return playing
    pytest.fail(f"overshoot: scenario: {problem}", pytrace=False)


def complaint(
    item: pytest.Item,
    wishes: Wishes,
    fake: OvershootFake,
    origins: Origins,
    playing: Playing | None = None,
) -> str | None:
    """What the test left behind; None if nothing, or if it failed anyway: then that comes first.

    With a scenario it is over then: its checks speak before all else.
    """
    if item.stash.get(_fixtures.FAILED, False):
        return None
    failed = None
    if playing is not None:
        playing.finish()
        failed = playing.report(faults=False)
    left = _leaks.complaint(
        wishes,
        fake.open_streams(),
        [] if wishes.allow_unfired_faults else [str(fault) for fault in fake.faults.unfired()],
        origins.found,
        fake.clock.now(),
    )
    return (
        "\n\n".join(f"overshoot: {failed}" if part is failed else part for part in (failed, left) if part)
        or None
    )


@contextlib.contextmanager
def environment(base_url: str, api_key: str) -> Iterator[None]:
    """The variables by which an application finds the API, for the time of one test."""
    values = {"OVERSHOOT_API_URL": base_url, "OVERSHOOT_BASE_URL": base_url, "OVERSHOOT_API_KEY": api_key}
    before: Mapping[str, str | None] = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
