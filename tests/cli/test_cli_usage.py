"""Wrong words on the command line, help, and what starting the program costs."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from typer.testing import CliRunner

from overshoot_testkit.cli._app import app
from overshoot_testkit.cli._catalogue import describe
from overshoot_testkit.cli._guard import UserError, guarded
from overshoot_testkit.cli._judging import Request
from overshoot_testkit.conformance.overshoot import RULES


def told(*arguments):
    """What the program says in this process: exit code, output, errors."""
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["conformance"], "Missing option '--client'"),
        (["conformance", "--client"], "requires an argument"),
        (["conformance", "--client", "reference", "--seed", "seven"], "Invalid value for '--seed'"),
        (["conformance", "--client", "reference", "--seed", "-1"], "Invalid value for '--seed'"),
        (["conformance", "--client", "reference", "--colour"], "No such option: --colour"),
        (["conformance", "--client", "reference", "extra"], "unexpected extra argument"),
        (["conformance", "--client", "reference", "--rules", "NOPE-*"], "no rule matches 'NOPE-*'"),
        (["conformance", "--client", "reference", "--rules", ""], "no rule matches ''"),
        (["conformance", "--client", "reference", "--rules", "LIFE-01,KEPE-01"], "no rule matches 'KEPE-01'"),
        (["conformance", "--client", ""], "the client is empty"),
        (["conformance", "--client", "their-sdk"], "'their-sdk' names no client"),
        (["conformance", "--client", "no_such_module_here:make"], "there is no module 'no_such_module_here'"),
        (["rules", "--rules", "NOPE-*"], "List all with: overshoot-testkit rules"),
        (["rule"], "No such command 'rule'"),
    ],
)
def test_a_mistake_is_named_and_gives_2(arguments, said):
    code, output, errors = told(*arguments)

    assert (2, "") == (code, output)
    assert said in errors
    assert "Traceback" not in errors


def test_help_teaches_the_forms_of_a_client_and_the_exit_codes():
    code, output, _ = told("conformance", "--help")

    assert 0 == code
    for part in (
        "npm:@overshoot/sdk",
        "node:./my-sdk",
        "exec:",
        "my_adapter:MyClient",
        "not conformant: the right",
    ):
        assert part in output
    assert not [line for line in output.splitlines() if len(line) > 80]


def test_the_program_alone_shows_its_commands():
    _, output, errors = told()

    for command in ("conformance", "rules", "--version"):
        assert command in output + errors


def test_rules_lists_the_whole_catalogue():
    code, output, _ = told("rules")

    assert 0 == code
    listed = [line.split()[0] for line in output.splitlines() if line[:1].isalpha()]
    assert [rule.id for rule in RULES] == listed
    assert f"{len(RULES)} rules." in output


def test_rules_of_one_theme_in_full():
    code, output, _ = told("rules", "--rules", "KEEP-05", "--verbose")

    assert 0 == code
    assert output.startswith("KEEP-05 (MUST)\n")
    assert "    source    Starting & Stopping Streams › Keepalive" in output
    assert "LIFE-01" not in output


def test_rules_for_programs():
    code, output, _ = told("rules", "--json")

    listed = json.loads(output)
    assert 0 == code
    assert [rule.id for rule in RULES] == [each["id"] for each in listed]
    for each in listed:
        assert each["level"] in {"MUST", "SHOULD"}
        assert each["statement"]
        assert each["sources"]
        assert each["transports"]


def test_the_version_is_that_of_the_package(program):
    code, output, errors = program("--version")

    assert (0, "") == (code, errors)
    name, version = output.split()
    assert "overshoot-testkit" == name
    assert version[0].isdigit()


def test_help_starts_without_what_only_judging_needs():
    code = """
import sys
from typer.testing import CliRunner
from overshoot_testkit.cli._app import app
assert CliRunner().invoke(app, ["conformance", "--help"]).exit_code == 0
heavy = {"aiohttp", "livekit", "rich", "overshoot_testkit.lab", "overshoot_testkit.reports"}
print(sorted(heavy & set(sys.modules)))
"""
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]" == shown.stdout.strip()


# The last line of defence.


def failing(error):
    def action():
        raise error

    return action


def test_a_mistake_of_the_user_is_one_line(capsys):
    assert 2 == guarded(failing(UserError("the port is taken; choose another with --port")))
    assert "Error: the port is taken; choose another with --port\n" == capsys.readouterr().err


def test_a_bug_of_ours_asks_for_a_report_without_a_traceback(capsys, monkeypatch):
    monkeypatch.delenv("OVERSHOOT_TESTKIT_DEBUG", raising=False)
    assert 2 == guarded(failing(RuntimeError("impossible")))

    said = capsys.readouterr().err
    assert "a bug in overshoot-testkit, not in the client: RuntimeError: impossible" in said
    assert "OVERSHOOT_TESTKIT_DEBUG=1" in said
    assert "Traceback" not in said


def test_with_the_debug_variable_a_bug_shows_its_traceback(capsys, monkeypatch):
    monkeypatch.setenv("OVERSHOOT_TESTKIT_DEBUG", "1")
    assert 2 == guarded(failing(RuntimeError("impossible")))

    assert "Traceback" in capsys.readouterr().err


def test_what_an_action_gives_is_the_exit_code():
    assert 1 == guarded(lambda: 1)


def test_a_rule_without_cases_of_its_own_lists_none():
    _, output, _ = told("rules", "--rules", "KEEP-01", "--verbose")

    assert "    allows    " in output
    assert "    cases    " not in output
    assert "default" not in output


def test_the_command_that_replays_a_rule_is_the_one_that_was_given():
    plain, odd = Request("reference"), Request("exec:./my driver {1}", seed=7, strict=True)

    assert "overshoot-testkit conformance --client reference --rules {rule}" == plain.replay
    for word in ("--seed 7", "--strict", "exec:./my driver {1}", "--rules KEEP-05"):
        assert word in odd.replay.format(rule="KEEP-05")


def test_a_thread_may_run_a_command():
    with ThreadPoolExecutor() as threads:
        assert 3 == threads.submit(guarded, lambda: 3).result()


def test_a_report_that_cannot_be_written_is_the_users_to_mend(tmp_path):
    (tmp_path / "report").write_text("a file")
    code, _, errors = told("conformance", "--client", "reference", "--report", str(tmp_path / "report"))

    assert 2 == code
    assert errors.startswith("Error: cannot write reports to ")
    assert "bug" not in errors


def test_what_a_rule_needs_is_told_to_programs():
    class NeedsMuch(type(RULES[0])):
        needs = frozenset({"restart", "end_media"})

    assert ["end_media", "restart"] == describe(NeedsMuch())["needs"]


def test_the_module_is_the_program_under_its_own_name():
    asked = [sys.executable, "-m", "overshoot_testkit", "--help"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)

    assert "Usage: python -m overshoot_testkit " in done.stdout
