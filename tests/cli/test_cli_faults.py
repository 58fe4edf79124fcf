"""`faults` and `scenario` on the command line."""

from __future__ import annotations

import json
import shlex

import jsonschema
import pytest
from typer.testing import CliRunner

from overshoot_testkit import faults
from overshoot_testkit.cli._app import app
from overshoot_testkit.cli._spellings import example_of, spellings
from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.documents import parse
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.scenarios import (
    catalogue,
    describe_fault,
    fault_from,
    fault_from_words,
    scenario_from,
    shipped_scenarios,
)


def told(*arguments):
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_every_fault_is_listed_under_what_it_happens_to():
    code, output, _ = told("faults")

    assert 0 == code
    lines = [line.split()[0] for line in output.splitlines() if line.startswith("  ") and line.split()]
    assert list(catalogue()) == [name for name in lines if name in catalogue()]
    for heading in ("to a request", "to a WebSocket", "to a connection", "to the server", "When it happens"):
        assert heading in output


@pytest.mark.parametrize("name", catalogue())
def test_a_fault_is_explained_with_its_fields_and_four_spellings(name):
    code, output, _ = told("faults", name)

    assert 0 == code
    for each in (*(field.name for field in catalogue()[name].fields), *spellings(catalogue()[name])):
        assert each in output


@pytest.mark.parametrize("name", catalogue())
def test_the_four_spellings_of_an_example_are_the_same_fault(name):
    doc = catalogue()[name]
    said = spellings(doc)
    fake = OvershootFake(clock=SteppedClock())
    spec = fault_from(example_of(doc))

    assert spec == fault_from_words(shlex.split(said["Command line"])[-1])
    assert spec == fault_from(json.loads(shlex.split(said["Admin API"])[2]))
    written = parse("title: t\n" + said["Scenario file"], "yaml", "a")
    assert (spec,) == scenario_from(written).faults
    python = eval(said["Python"], {**vars(faults), "overshoot_faults": fake.faults})
    form = describe_fault(python)
    assert form == {**describe_fault(spec.set(fake.faults)), "name": form["name"]}


def test_the_names_of_classes_and_dashes_are_understood():
    assert told("faults", "close_socket") == told("faults", "CloseSocket") == told("faults", "close-socket")


def test_faults_for_programs():
    code, output, _ = told("faults", "--json")

    listed = json.loads(output)
    assert (0, list(catalogue())) == (code, [each["action"] for each in listed])
    assert {"name": "seconds", "type": "number", "required": True} == {
        name: value
        for name, value in json.loads(told("faults", "deploy", "--json")[1])[0]["fields"][0].items()
        if name != "description"
    }
    jsonschema.Draft202012Validator.check_schema(json.loads(told("faults", "--schema")[1]))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["faults", "answr"], "there is no fault 'answr'; did you mean 'answer'?"),
        (["faults", "--schema", "answer"], "leave out NAME and --json"),
        (["scenario", "check"], "Missing argument"),
        (["scenario", "check", "none.yaml"], "none.yaml: No such file"),
        (["scenario", "check", "lost-202"], "did you mean 'lost-201'?"),
    ],
)
def test_a_mistake_is_named_and_gives_2(arguments, said):
    code, output, errors = told(*arguments)

    assert (2, "") == (code, output)
    assert said in errors


def test_all_mistakes_of_all_files_are_told(tmp_path):
    good, bad, worse = (tmp_path / name for name in ("good.yaml", "bad.yaml", "worse.toml"))
    good.write_text("title: fine", encoding="utf-8")
    bad.write_text("title: t\nfaults:\n  - {action: drop, on: {route: nowhere}}\n", encoding="utf-8")
    worse.write_text('titel = "t"\nseed = "x"\n', encoding="utf-8")
    code, output, errors = told("scenario", "check", str(good), str(bad), str(worse))

    assert 2 == code
    assert f"{good}: fine (0 faults, 0 checks)\n" == output
    for said in (
        "bad.yaml:3: faults[0].on.route: there is no 'nowhere'",
        "worse.toml:1: titel: nothing has this name; did you mean 'title'?",
        "worse.toml:2: seed: must be a whole number, not 'x'",
    ):
        assert said in errors


def test_all_that_ship_are_listed_and_in_order():
    assert 0 == told("scenario", "check", *shipped_scenarios())[0]
    assert list(shipped_scenarios()) == [line.split()[0] for line in told("scenario", "list")[1].splitlines()]
