"""Virtual time for async tests that use the fake, by pytest-asyncio's hook for loop factories.

pytest-asyncio asks the hook for every async test, and wants an answer for every one once anybody implements
it. So the implementation is registered only while one of our own tests is asked about: all other tests run
as if it did not exist.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

from overshoot_testkit.plugin import _fixtures
from overshoot_testkit.plugin._marker import MarkerError, Wishes

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from overshoot_testkit.plugin._use import Use

SCOPES = ("function", "class", "module", "package", "session")
TOO_OLD = (
    "pytest-asyncio is older than 1.4 and has no hook for loops: async tests run in real time, "
    "with the fake on loopback. Upgrade pytest-asyncio for virtual time"
)
_THREAD = "_overshoot_thread"
_ANYIO = "_overshoot_anyio"
_HOST = pytest.StashKey[str]()


def _host_on(scope: str) -> str:
    return f"_overshoot_on_{scope}_loop"


def has_asyncio(config: pytest.Config) -> bool:
    """Whether pytest-asyncio takes part in this run."""
    # By its module: its name depends on how it was loaded.
    plugin = sys.modules.get("pytest_asyncio.plugin")
    return plugin is not None and config.pluginmanager.is_registered(plugin)


def has_hook(config: pytest.Config) -> bool:
    """Whether it is new enough to be told which loop to use."""
    return hasattr(config.hook, "pytest_asyncio_loop_factories")


def host_of(item: pytest.Item) -> str:
    """Name of the fixture that runs the fake of this test: on the test's own loop if it has one."""
    known = item.stash.get(_HOST, None)
    if known is None:
        known = item.stash[_HOST] = _find_host(item)
    return known


def _find_host(item: pytest.Item) -> str:
    if is_both(item):
        return _THREAD
    if _is_anyios(item):
        return _ANYIO
    return _host_on(_loop_scope(item)) if _is_asyncios(item) and has_hook(item.config) else _THREAD


def is_both(item: pytest.Item) -> bool:
    """Whether pytest-asyncio runs a test of anyio's, as in auto mode: its fixtures are on another loop."""
    return _is_anyios(item) and _is_asyncios(item)


def _is_asyncios(item: pytest.Item) -> bool:
    return has_asyncio(item.config) and bool(sys.modules["pytest_asyncio"].is_async_test(item))


def runs_in_thread(item: pytest.Item | None) -> bool:
    """Whether the fake of a test, if it has one, needs the thread."""
    return item is not None and _fixtures.uses_overshoot(item) and host_of(item) == _THREAD


def _is_anyios(item: pytest.Item) -> bool:
    """Whether a test is marked for anyio's plugin."""
    return "anyio_backend" in getattr(item, "fixturenames", ()) and inspect.iscoroutinefunction(
        getattr(item, "function", None)
    )


def _loop_scope(item: pytest.Item) -> str:
    marker = item.get_closest_marker("asyncio")
    asked = marker.kwargs.get("loop_scope") or marker.kwargs.get("scope") if marker else None
    return str(asked or item.config.getini("asyncio_default_test_loop_scope") or "function")


def fixture_elsewhere(item: pytest.Item) -> str | None:
    """What to say of an async fixture that uses the fake on another loop than the test's; else None."""
    if not host_of(item).startswith("_overshoot_on_"):
        return None
    info: Any = getattr(item, "_fixtureinfo", None)
    own = _loop_scope(item)
    for name, definitions in info.name2fixturedefs.items() if info else ():
        definition = definitions[-1]
        function = definition.func
        if name.startswith("_overshoot") or _fixtures.asks_for_none(definition.argnames):
            continue
        if not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)):
            continue
        default = item.config.getini("asyncio_default_fixture_loop_scope") or definition.scope
        # Where pytest-asyncio notes it, and looks for it.
        scope = getattr(function, "_loop_scope", None) or default
        if scope != own:
            return (
                f"the async fixture {name!r} uses the fake on the loop of its {scope}, but this test and its "
                f"fake are on the loop of their {own}. Give both the same loop_scope: pytest_asyncio.fixture("
                f"loop_scope={own!r}) or pytest.mark.asyncio(loop_scope={scope!r}); in the ini file, "
                "asyncio_default_fixture_loop_scope and asyncio_default_test_loop_scope"
            )
    return None


class VirtualLoops:
    """Offers pytest-asyncio the virtual loop for each test that uses the fake and does not want real time."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> Iterator[None]:
        with _offered(metafunc.definition):
            yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        # pytest-asyncio looks again whether there are factories, to take up a new loop before any fixture
        # of the old one is used. A loop of the test's own is always new.
        if _loop_scope(item) == "function":
            yield
        else:
            with _offered(item):
                yield


class _Factories:
    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_asyncio_loop_factories(self) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
        return {"overshoot": _virtual_loop}


@contextlib.contextmanager
def _offered(item: pytest.Item) -> Iterator[None]:
    if not _wants_virtual_time(item):
        yield
        return
    manager = item.config.pluginmanager
    factories = _Factories()
    manager.register(factories)
    try:
        yield
    finally:
        manager.unregister(factories)


def _wants_virtual_time(item: pytest.Item) -> bool:
    if not _fixtures.uses_overshoot(item) or _is_anyios(item):
        return False
    asyncio_marker = item.get_closest_marker("asyncio")
    if asyncio_marker is not None and "loop_factories" in asyncio_marker.kwargs:
        return False
    try:
        return Wishes.of(item).clock != "real"
    except MarkerError:
        return True  # set-up will say what is wrong


def _virtual_loop() -> asyncio.AbstractEventLoop:
    from overshoot_testkit.simulation import VirtualTimeLoop  # noqa: PLC0415 - only when used

    return VirtualTimeLoop()


def loop_fixtures() -> types.ModuleType:
    """A plugin with the fixtures that run the fake on a test's own loop, one for each scope of a loop."""
    import pytest_asyncio  # noqa: PLC0415 - only when it takes part in the run

    plugin = types.ModuleType("overshoot_testkit.plugin.loop_fixtures")

    async def host(request: pytest.FixtureRequest) -> AsyncIterator[Use]:
        from overshoot_testkit.plugin import _hosts  # noqa: PLC0415 - only when used

        async with _hosts.on_this_loop(request.node, *_fixtures.wishes_of(request.node)) as use:
            yield use

    for scope in SCOPES:
        make: Any = pytest_asyncio.fixture
        setattr(plugin, _host_on(scope), make(loop_scope=scope, name=_host_on(scope))(_copy(host)))
    return plugin


def _copy(function: Any) -> Any:
    # pytest-asyncio notes the scope on the function itself.
    return types.FunctionType(
        function.__code__, function.__globals__, function.__name__, None, function.__closure__
    )
