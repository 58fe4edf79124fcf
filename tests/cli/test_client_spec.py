"""From what a user writes after `--client` to a client: every mistake is named, with the way out."""

from __future__ import annotations

import sys
import textwrap

import pytest

from overshoot_testkit.clients import (
    CAPABILITIES,
    ClientSpecError,
    DriverSpec,
    NodeSpec,
    NpmSpec,
    PythonSpec,
    parse_spec,
)
from overshoot_testkit.clients.reference import ReferenceClient

COMPLETE = """
class Client:
    name = "theirs"
    version = "2"
    clock = "loop"
    capabilities = frozenset({"native"})
    async def start(self, target, options, on_result, on_error): ...
    async def update_prompt(self, prompt): ...
    async def stop(self): ...
    async def aclose(self): ...
    def is_active(self): return False
    def stream_id(self): return None
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write `theirs.py` into the working directory, which is another project's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(text):
        (tmp_path / "theirs.py").write_text(textwrap.dedent(text), encoding="utf-8")
        sys.modules.pop("theirs", None)

    yield write
    sys.modules.pop("theirs", None)


def refused(spec):
    with pytest.raises(ClientSpecError) as raised:
        parse_spec(spec)
    return str(raised.value)


def test_the_reference_client_has_a_short_name():
    spec = parse_spec("reference")

    assert isinstance(spec, PythonSpec)
    assert isinstance(spec.factory(), ReferenceClient)


def test_a_class_or_a_function_of_a_module_in_the_working_directory(module):
    module(f"{COMPLETE}\ndef make(): return Client()\nclass Deep:\n    make = staticmethod(make)\n")

    for attribute in ("Client", "make", "Deep.make"):
        spec = parse_spec(f"theirs:{attribute}")
        assert isinstance(spec, PythonSpec)
        assert "theirs" == spec.factory().name


def test_drivers_and_packages_are_told_apart(tmp_path):
    assert DriverSpec(("node", "my driver.mjs", "-v")) == parse_spec('exec: node "my driver.mjs" -v')
    assert NpmSpec("@overshoot/sdk@0.1.0-alpha.2") == parse_spec("npm:@overshoot/sdk@0.1.0-alpha.2")
    assert NodeSpec("@overshoot/sdk") == parse_spec("node:@overshoot/sdk")
    assert NodeSpec(str(tmp_path.resolve())) == parse_spec(f"node:{tmp_path}")


@pytest.mark.parametrize(
    "spec", ["", "  ", "theirs", "http://localhost:8000", "my-sdk:make", "theirs:", ":make"]
)
def test_what_is_no_spec_gets_the_list_of_forms(spec):
    said = refused(spec)

    for form in ("npm:PACKAGE", "node:PATH", "package.module:factory", "exec:COMMAND", "reference"):
        assert form in said


@pytest.mark.parametrize("spec", ["exec:", "node: ", "npm:"])
def test_a_form_with_nothing_after_it(spec):
    assert "nothing follows" in refused(spec)


def test_other_mistakes_of_form():
    assert "check the quotes" in refused("exec:node 'driver.mjs")
    assert "there is nothing at that path" in refused("node:./no/such/folder")
    assert "not an npm package" in refused("npm:../sdk")


def test_a_module_that_is_not_there(module, tmp_path):
    module(COMPLETE)

    assert "there is no module 'thiers'" in refused("thiers:Client")
    assert str(tmp_path) in refused("thiers:Client")
    assert "there is no module 'theirs.inner'" in refused("theirs.inner:Client")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_dependency", "ModuleNotFoundError: No module named 'no_such_dependency'"),
        ("\nraise KeyError('SDK_HOME')", "KeyError: 'SDK_HOME'"),
        ("def broken(:", "SyntaxError"),
        ("import sys; sys.exit('no licence')", "SystemExit: no licence"),
    ],
)
def test_a_module_that_breaks_while_it_is_imported_is_not_called_missing(module, text, said):
    module(text)

    told = refused("theirs:Client")
    assert told.startswith("theirs:Client: importing theirs failed")
    assert said in told
    line = next(number for number, each in enumerate(text.splitlines(), 1) if each)
    assert f"theirs.py, line {line}: {text.strip()}" in told


def test_an_attribute_that_is_not_there(module):
    module(COMPLETE)

    assert "theirs has no 'Cleint'; did you mean Client?" in refused("theirs:Cleint")
    assert "theirs has no 'zzz'; it has: Client" in refused("theirs:zzz")


def test_an_attribute_that_makes_nothing(module):
    module("client = 5")

    assert "client is a int, and a factory is called" in refused("theirs:client")


def test_a_factory_that_fails_shows_its_line(module):
    module("def make():\n    raise OSError('no camera')")

    told = refused("theirs:make")
    assert "calling the factory failed: OSError: no camera" in told
    assert "theirs.py, line 2: raise OSError('no camera')" in told


def test_a_factory_that_needs_a_running_loop_is_told_where_to_open_sessions(module):
    module("import asyncio\ndef make():\n    asyncio.get_running_loop()")

    assert "open sessions in start()" in refused("theirs:make")


def test_a_factory_that_is_a_coroutine_function(module):
    module("async def make(): ...")

    assert "theirs:make is a coroutine function" in refused("theirs:make")


def test_everything_that_is_missing_is_named_at_once(module):
    module("class Client: ...")

    told = refused("theirs:Client")
    for member in (
        "name",
        "version",
        "capabilities",
        "start",
        "update_prompt",
        "stop",
        "aclose",
        "is_active",
    ):
        assert f"  - {member} is missing" in told


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "theirs"', "name = 5", "name is 5, and should be a text"),
        (
            "def is_active",
            "async def is_active",
            "is_active is a coroutine function",
        ),
        ("def stream_id(self): return None", "stream_id = 's1'", "stream_id is 's1', and should be a method"),
        ("on_result, on_error", "on_result", "should take (target, options, on_result, on_error)"),
        ('clock = "loop"', 'clock = "real"', "cannot be judged yet"),
        ('clock = "loop"', 'clock = "driver"', "given with exec:"),
        ('clock = "loop"', 'clock = "sundial"', "clock is 'sundial'; write 'loop'"),
        (
            '{"native"}',
            '{"native", "update_promt"}',
            "did you mean 'update_prompt'?",
        ),
        ('{"native"}', '{"native", "telepathy"}', f"known: {', '.join(CAPABILITIES)}"),
        ('{"native"}', "set()", "capabilities names no transport: livekit, native, webrtc"),
        ('frozenset({"native"})', '"native"', "capabilities is 'native', and should be a frozenset of names"),
        ('{"native"}', '{"native", "media_stream"}', "media_stream is missing, which capability"),
        ('{"native"}', '{"native", "context_manager"}', "__aexit__ is missing, which capability"),
    ],
)
def test_a_client_that_is_nearly_one(module, old, new, said):
    assert old in COMPLETE
    module(COMPLETE.replace(old, new))

    told = refused("theirs:Client")
    assert "theirs:Client gives an object that is no client yet:\n  - " in told
    assert said in told


def test_a_client_without_a_clock_runs_on_the_loop(module):
    module(COMPLETE.replace('    clock = "loop"\n', ""))

    assert isinstance(parse_spec("theirs:Client"), PythonSpec)


def test_a_factory_that_wants_arguments_is_not_blamed_on_the_testkit(module):
    module("def make(needed): ...")

    assert "missing 1 required positional argument: 'needed'" in refused("theirs:make")
    assert "_python_client.py" not in refused("theirs:make")


@pytest.mark.parametrize("spec", ["", "  "])
def test_an_empty_spec_is_called_so(spec):
    assert refused(spec).startswith("the client is empty. Write one of:")
