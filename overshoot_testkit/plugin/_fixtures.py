"""The fixtures. They exist whether or not the plugin was asked for anything, to be able to say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from overshoot_testkit.plugin._marker import MARKER, MarkerError, Wishes
from overshoot_testkit.plugin._options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterator

    from overshoot_testkit.clients import Target
    from overshoot_testkit.fakes.overshoot import Settings
    from overshoot_testkit.plugin._use import Use

PUBLIC = (
    "overshoot",
    "overshoot_clock",
    "overshoot_fake",
    "overshoot_faults",
    "overshoot_journal",
    "overshoot_respx",
)
ENVIRONMENT = "_overshoot_environment"
"""The fixture that tests have by the marker alone."""

WISHES = pytest.StashKey[tuple[Wishes, "Settings"]]()
"""What a test's marker came to."""
USE = pytest.StashKey["Use"]()
"""The fake of a test, while it runs."""
FAILED = pytest.StashKey[bool]()
"""Whether a test has failed, in its set-up or itself."""


def uses_overshoot(item: pytest.Item) -> bool:
    """Whether a test asked for any of this: a fixture, itself or through others, or the marker."""
    names: Any = getattr(item, "fixturenames", ())
    return not asks_for_none(names) or item.get_closest_marker(MARKER) is not None


def asks_for_none(names: Collection[str]) -> bool:
    """Whether none of these fixtures is one of ours."""
    return set(PUBLIC).isdisjoint(names)


def wishes_of(item: pytest.Item) -> tuple[Wishes, Settings]:
    """What the test asks of its fake. A marker that is wrong fails the test."""
    if WISHES not in item.stash:
        problem = ""
        try:
            wishes = Wishes.of(item)
            item.stash[WISHES] = wishes, wishes.make_settings()
        except MarkerError as error:
            problem = str(error)
        if problem:
            pytest.fail(f"overshoot: {problem}", pytrace=False)
    return item.stash[WISHES]


@pytest.fixture
def _overshoot_use(request: pytest.FixtureRequest) -> Use | None:
    """The fake of this test; None where tests run against a real deployment."""
    if not request.config.stash[OPTIONS].fake:
        return None
    from overshoot_testkit.plugin import _loop  # noqa: PLC0415 - only when used

    wishes, _ = wishes_of(request.node)
    problem = _loop.fixture_elsewhere(request.node)
    if problem is not None:
        pytest.fail(f"overshoot: {problem}", pytrace=False)
    use: Use = request.getfixturevalue(_loop.host_of(request.node))
    if wishes.clock == "virtual" and use.clock.mode != "virtual":
        pytest.fail(f"overshoot: clock='virtual' cannot be had here: {use.clock.why}", pytrace=False)
    return use


@pytest.fixture
def _overshoot_thread(request: pytest.FixtureRequest) -> Iterator[Use]:
    from overshoot_testkit.plugin import _hosts  # noqa: PLC0415 - only when used

    with _hosts.in_a_thread(request.node, *wishes_of(request.node)) as use:
        yield use


@pytest.fixture
def _overshoot_anyio(request: pytest.FixtureRequest, anyio_backend: Any) -> Iterator[Use]:
    """On the loop of a test that anyio runs; in a thread beside it where that is not asyncio's."""
    from anyio.pytest_plugin import extract_backend_and_options, get_runner  # noqa: PLC0415 - only when used

    backend, options = extract_backend_and_options(anyio_backend)
    if backend != "asyncio":
        yield request.getfixturevalue("_overshoot_thread")
        return

    async def host() -> AsyncGenerator[Use, None]:
        from overshoot_testkit.plugin import _hosts  # noqa: PLC0415 - only when used

        async with _hosts.on_this_loop(request.node, *wishes_of(request.node), why=_hosts.OTHER) as use:
            yield use

    # Not an async fixture, which other plugins might take for theirs.
    with get_runner(backend, options) as runner:
        yield from runner.run_asyncgen_fixture(host, {})


@pytest.fixture
def _overshoot_environment(
    request: pytest.FixtureRequest, _overshoot_use: Use | None
) -> Iterator[Target | None]:
    """The environment variables; None where there is no target, which only the marker may find."""
    options = request.config.stash[OPTIONS]
    if _overshoot_use is not None:
        where = (_overshoot_use.base_url, _overshoot_use.api_key)
    elif options.url is not None and options.api_key is not None:
        where = (options.url, options.api_key)
    else:
        yield None
        return
    from overshoot_testkit.clients import Target  # noqa: PLC0415 - only when used
    from overshoot_testkit.plugin import _use  # noqa: PLC0415

    if _overshoot_use is not None:
        request.node.stash[USE] = _overshoot_use
    with _use.environment(*where):
        yield Target(*where)


@pytest.fixture
def overshoot(_overshoot_environment: Target | None) -> Target:
    """Where to connect: `.base_url` (with /v0.2), `.api_key`; the fake or a real deployment."""
    if _overshoot_environment is None:
        pytest.fail(
            "the fixture 'overshoot' needs something to connect to. Run pytest with --overshoot-fake, or "
            "against a real deployment with --overshoot-url URL --overshoot-api-key-env NAME",
            pytrace=False,
        )
    return _overshoot_environment


@pytest.fixture
def overshoot_fake(
    request: pytest.FixtureRequest, _overshoot_environment: Target | None, _overshoot_use: Use | None
) -> Any:
    """The fake itself, an `OvershootFake`; in a test that is not async a view of it, safe to call."""
    return _needed(request, _overshoot_use).fake


@pytest.fixture
def overshoot_clock(
    request: pytest.FixtureRequest, _overshoot_environment: Target | None, _overshoot_use: Use | None
) -> Any:
    """Time: `now()`, and in async tests on virtual time `await advance(seconds)`."""
    return _needed(request, _overshoot_use).clock


@pytest.fixture
def overshoot_faults(
    request: pytest.FixtureRequest, _overshoot_environment: Target | None, _overshoot_use: Use | None
) -> Any:
    """Faults to set: a `faults.FaultPlan`."""
    return _needed(request, _overshoot_use).faults


@pytest.fixture
def overshoot_journal(
    request: pytest.FixtureRequest, _overshoot_environment: Target | None, _overshoot_use: Use | None
) -> Any:
    """What happened and when: a `journal.Recording`."""
    return _needed(request, _overshoot_use).journal


@pytest.fixture
def overshoot_respx(
    request: pytest.FixtureRequest, _overshoot_environment: Target | None, _overshoot_use: Use | None
) -> Iterator[Any]:
    """A respx router by which the fake answers httpx, without sockets; `respx_mock`, if the test has that."""
    fake = _needed(request, _overshoot_use).fake
    try:
        from overshoot_testkit.bridges import route_to  # noqa: PLC0415 - only when used

        if "respx_mock" in request.fixturenames:
            yield route_to(fake, request.getfixturevalue("respx_mock"))
            return
        router = route_to(fake)
    except RuntimeError as error:
        pytest.fail(f"overshoot: {error}", pytrace=False)
    with router:
        yield router


def _needed(request: pytest.FixtureRequest, use: Use | None) -> Use:
    if use is not None:
        return use
    url = request.config.stash[OPTIONS].url
    instead = "which takes the place of --overshoot-url" if url else "which needs no key and no network"
    pytest.fail(
        f"the fixture {request.fixturename!r} is part of the fake. "
        f"Run pytest with --overshoot-fake, {instead}",
        pytrace=False,
    )
