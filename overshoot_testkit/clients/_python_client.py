"""Importing a Python client, and telling its author exactly what is missing."""

from __future__ import annotations

import difflib
import importlib
import inspect
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any, cast

from overshoot_testkit.clients._protocol import CAPABILITIES, TRANSPORTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from overshoot_testkit.clients._protocol import Client

COROUTINES = ("start", "update_prompt", "stop", "aclose")
PLAIN = ("is_active", "stream_id")
OF_CAPABILITY = {
    "media_stream": ("media_stream",),
    "end_media": ("end_media",),
    "context_manager": ("__aenter__", "__aexit__"),
}
"""Members that a capability promises."""
NAMES_SHOWN = 8


class ClientSpecError(Exception):
    """A client spec that cannot be used; the message names the problem and the way out."""


def load_factory(spec: str) -> Callable[[], Client]:
    """The factory that `package.module:factory` names, tried once.

    The working directory can be imported from. Raise `ClientSpecError` if anything is amiss with the module,
    the factory or the client that it gives.
    """
    module_name, _, attribute = spec.partition(":")
    found: Any = _import(module_name, spec)
    for name in attribute.split("."):
        found = _attribute(found, name, spec)
    if not callable(found):
        raise ClientSpecError(
            f"{spec}: {attribute} is a {type(found).__name__}, and a factory is called: name a class, or a "
            "function that returns a client"
        )
    problems = client_problems(_made_by(found, spec))
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise ClientSpecError(
            f"{spec} gives an object that is no client yet:\n{listed}\n"
            "What a client has: overshoot_testkit.clients.Client"
        )
    return cast("Callable[[], Client]", found)


def client_problems(client: object) -> list[str]:
    """What keeps an object from being a client, a line each."""
    problems = [_text_problem(client, name) for name in ("name", "version")]
    problems += [_method_problem(client, name, waits=True) for name in COROUTINES]
    problems += [_method_problem(client, name, waits=False) for name in PLAIN]
    problems += [_start_problem(client), _clock_problem(client), *_capability_problems(client)]
    return [problem for problem in problems if problem]


def _import(module_name: str, spec: str) -> ModuleType:
    here = os.getcwd()  # noqa: PTH109 - sys.path holds strings
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if module_name == missing or module_name.startswith(f"{missing}."):
            raise ClientSpecError(
                f"{spec}: there is no module {missing!r}. Looked in {here} and in this Python's packages "
                f"({sys.executable}); run from the folder that holds it, or install it"
            ) from error
        raise _while(f"{spec}: importing {module_name} failed", error) from error
    except (Exception, SystemExit) as error:
        raise _while(f"{spec}: importing {module_name} failed", error) from error


def _attribute(holder: Any, name: str, spec: str) -> Any:
    try:
        return getattr(holder, name)
    except AttributeError:
        public = [each for each in dir(holder) if each[0] != "_" and callable(getattr(holder, each, None))]
        near = difflib.get_close_matches(name, public, 3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"it has: {_some(public)}"
        where = getattr(holder, "__name__", type(holder).__name__)
        raise ClientSpecError(f"{spec}: {where} has no {name!r}; {hint}") from None


def _made_by(factory: Callable[[], object], spec: str) -> object:
    try:
        client = factory()
    except Exception as error:
        failure = _while(f"{spec}: calling the factory failed", error)
        if "event loop" in str(error):
            failure = ClientSpecError(f"{failure}\nThere is no event loop yet: open sessions in start()")
        raise failure from error
    if inspect.iscoroutine(client):
        client.close()
        raise ClientSpecError(
            f"{spec} is a coroutine function; make it a plain one, and do what waits in start()"
        )
    return client


def _while(doing: str, error: BaseException) -> ClientSpecError:
    """The error with the line of the user's code that it came from."""
    if isinstance(error, SyntaxError):
        where = f"{error.filename}, line {error.lineno}"
        return ClientSpecError(f"{doing}: SyntaxError: {error.msg}\n  {where}: {(error.text or '').strip()}")
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not _is_machinery(frame.filename)
    ]
    what = f"{doing}: {type(error).__name__}: {error}"
    if not frames:
        return ClientSpecError(what)
    return ClientSpecError(f"{what}\n  {frames[-1].filename}, line {frames[-1].lineno}: {frames[-1].line}")


def _is_machinery(filename: str) -> bool:
    return filename.startswith("<frozen") or filename in {__file__, importlib.__file__}


def _text_problem(client: object, name: str) -> str | None:
    value = getattr(client, name, None)
    if value is None:
        return f"{name} is missing: a text for the report"
    return None if isinstance(value, str) else f"{name} is {value!r}, and should be a text"


def _method_problem(client: object, name: str, *, waits: bool) -> str | None:
    written = f"{'async ' if waits else ''}def {name}(…)"
    method = getattr(client, name, None)
    if method is None:
        return f"{name} is missing: {written}"
    if not callable(method):
        return f"{name} is {method!r}, and should be a method: {written}"
    if not waits and inspect.iscoroutinefunction(method):
        return f"{name} is a coroutine function, and should answer at once: {written}"
    return None


def _start_problem(client: object) -> str | None:
    start = getattr(client, "start", None)
    if not callable(start):
        return None
    try:
        inspect.signature(start).bind(*"1234")
    except TypeError:
        return f"start{inspect.signature(start)} should take (target, options, on_result, on_error)"
    except ValueError:
        return None  # written in C, without a signature that could be read
    return None


def _clock_problem(client: object) -> str | None:
    clock = getattr(client, "clock", "loop")
    if clock == "loop":
        return None
    if clock == "real":
        return "clock is 'real', and clients on real time cannot be judged yet: 'loop' if it runs on asyncio"
    if clock == "driver":
        return "clock is 'driver', which is for programs given with exec:; in this process write 'loop'"
    return f"clock is {clock!r}; write 'loop'"


def _capability_problems(client: object) -> list[str]:
    given = getattr(client, "capabilities", None)
    if given is None:
        return ["capabilities is missing: a frozenset of names, such as frozenset({'native'})"]
    if isinstance(given, str) or not isinstance(given, (frozenset, set, list, tuple)):
        return [f"capabilities is {given!r}, and should be a frozenset of names"]
    problems = []
    for name in sorted(str(each) for each in given if each not in CAPABILITIES):
        near = difflib.get_close_matches(name, CAPABILITIES, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(CAPABILITIES)}"
        problems.append(f"capabilities: there is no {name!r}; {hint}")
    if not TRANSPORTS & frozenset(given):
        problems.append(f"capabilities names no transport: {', '.join(sorted(TRANSPORTS))}")
    for capability, members in OF_CAPABILITY.items():
        lacking = [
            name for name in members if capability in given and not callable(getattr(client, name, None))
        ]
        problems += [f"{name} is missing, which capability {capability!r} promises" for name in lacking]
    return problems


def _some(names: list[str]) -> str:
    if not names:
        return "nothing that can be called"
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(sorted(names)[:NAMES_SHOWN]) + more
