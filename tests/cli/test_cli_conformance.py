"""`overshoot-testkit conformance`: the verdict as an exit code, a text and files."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from overshoot_testkit.cli._judging import Request
from overshoot_testkit.reports import verdicts_schema


def test_a_client_that_keeps_the_rules_gives_0(program):
    code, output, errors = program("conformance", "--client", "theirs:Careful", "--rules", "LIFE-01,KEEP-05")

    assert (0, "") == (code, errors)
    assert "Judging careful 1 against overshoot v0.2" in output
    assert "careful 1: conformant by the rules chosen (LIFE-01,KEEP-05)" == output.splitlines()[-1]


def test_a_client_with_defects_gives_1_and_the_evidence(program):
    code, output, errors = program("conformance", "--client", "theirs:Idle", "--rules", "life-01")

    assert (1, "") == (code, errors)
    assert "✗ FAIL LIFE-01 (MUST)" in output
    for part in ("Source: ", "  expected  ", "  seen      ", "  timeline: "):
        assert part in output
    assert (
        "idle 1: not conformant by the rules chosen (life-01): 1 MUST rule failed" == output.splitlines()[-1]
    )


def test_the_replay_command_gives_the_same_failure_again_byte_by_byte(program, project):
    arguments = ("conformance", "--client", "theirs:Idle", "--seed", "3", "--strict", "--report", "first")
    program(*arguments, "--rules", "LIFE-01", PYTHONHASHSEED="1")
    first = json.loads((project / "first" / "verdicts.json").read_text(encoding="utf-8"))
    tool, *replay = shlex.split(first["verdicts"][0]["replay"])

    code, _, _ = program(*replay, "--report", "again", PYTHONHASHSEED="2")

    assert ("overshoot-testkit", 1) == (tool, code)
    again = json.loads((project / "again" / "verdicts.json").read_text(encoding="utf-8"))
    assert first == again
    journals = [project / run / "journals" / "LIFE-01-default.jsonl" for run in ("first", "again")]
    assert journals[0].read_bytes() == journals[1].read_bytes()


def test_the_report_directory_gets_what_programs_read(program, project):
    program(
        "conformance", "--client", "theirs:Idle", "--rules", "LIFE-01", "--report", "out/report", "--strict"
    )

    document = json.loads((project / "out" / "report" / "verdicts.json").read_text(encoding="utf-8"))
    assert [] == list(Draft202012Validator(verdicts_schema()).iter_errors(document))
    assert (1, True, "LIFE-01") == (document["exit_code"], document["strict"], document["rules"])
    suites = ET.parse(project / "out" / "report" / "junit.xml").getroot()
    assert ("1", "1") == (suites.get("tests"), suites.get("failures"))
    journal = (project / "out" / "report" / "journals" / "LIFE-01-default.jsonl").read_text(encoding="utf-8")
    assert [] == [line for line in journal.splitlines() if not json.loads(line)]


def test_quiet_says_the_verdict_alone(program):
    code, output, _ = program("conformance", "--client", "reference", "--rules", "LIFE-01", "-q")

    assert 0 == code
    assert ["1 of 1 rule judged: 1 passed, 0 failed"] == output.splitlines()[:-1]


def test_a_poor_terminal_gets_plain_signs(program):
    code, output, errors = program(
        "conformance", "--client", "theirs:Idle", "--rules", "LIFE-01", PYTHONIOENCODING="ascii"
    )

    assert (1, "") == (code, errors)
    assert "x FAIL LIFE-01 (MUST) -----" in output


def test_the_replay_command_survives_any_spec():
    spec = 'exec:node "my driver.mjs" --set {a: 1}'
    replay = Request(spec, seed=5, strict=True).replay.format(rule="KEEP-05")

    expected = ["overshoot-testkit", "conformance", "--client", spec, "--seed", "5", "--strict"]
    assert replay == (
        subprocess.list2cmdline([*expected, "--rules", "KEEP-05"])
        if os.name == "nt"
        else shlex.join([*expected, "--rules", "KEEP-05"])
    )


# Drivers that do not do what drivers do.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('print("no space left", file=sys.stderr); sys.exit(3)', "ended with exit code 3"),
        ('print("Welcome to my driver!", flush=True); read(); time.sleep(60)', "Welcome to my driver!"),
        ("say(id=read()['id'], result={'protocol': 1})", "is missing"),
        ("say(id=read()['id'], result={'protocol': 99, 'name': 'x'})", "protocol"),
    ],
)
def test_a_driver_that_cannot_say_hello_gives_2_and_its_own_words(program, driver, gone, text, said):
    code, output, errors = program("conformance", "--client", driver(text), "--rules", "LIFE-01")

    assert (2, "") == (code, output)
    assert errors.startswith("Error: the driver")
    assert said in errors
    assert "Traceback" not in errors
    assert gone()


def test_a_driver_that_dies_in_the_middle_is_a_harness_error(program, driver, gone, project):
    spec = driver("hello(); read(); print('out of memory', file=sys.stderr); sys.exit(7)")

    code, output, errors = program(
        "conformance", "--client", spec, "--rules", "LIFE-01", "--report", "report"
    )

    assert (2, "") == (code, errors)
    assert "⚠ harness error LIFE-01 (MUST)" in output
    assert "ended with exit code 7" in output
    assert "out of memory" in output
    assert "tiny 1: no verdict: 1 rule ended in a harness error" == output.splitlines()[-1]
    document = json.loads((project / "report" / "verdicts.json").read_text(encoding="utf-8"))
    assert [] == list(Draft202012Validator(verdicts_schema()).iter_errors(document))
    assert gone()


def test_a_driver_that_hangs_is_given_up_and_ended(program, driver, gone):
    code, output, errors = program("conformance", "--client", driver("time.sleep(600)"), "--rules", "LIFE-01")

    assert (2, "") == (code, output)
    assert errors.startswith("Error: the driver")
    assert " s" in errors
    assert gone()


def test_a_program_that_does_not_exist(program):
    code, output, errors = program("conformance", "--client", "exec:no-such-program driver.mjs")

    assert (2, "") == (code, output)
    assert "there is no 'no-such-program'. Is it installed, and on PATH?" in errors


if sys.platform != "win32":

    @pytest.mark.parametrize(
        ("number", "end"), [(signal.SIGINT, (130, "Interrupted.\n")), (signal.SIGTERM, (143, ""))]
    )
    def test_an_interrupted_run_leaves_no_driver_and_no_traceback(begin, driver, lifeline, number, end):
        process = begin("conformance", "--client", driver("time.sleep(600)"), "--report", "report")
        line, _ = lifeline.accept()  # the driver has begun

        process.send_signal(number)
        _, errors = process.communicate(timeout=30)

        assert end == (process.returncode, errors)
        line.settimeout(15)
        assert b"" == line.recv(1), "the driver is still there"
        line.close()

    @pytest.mark.parametrize(
        "command", [("rules",), ("conformance", "--client", "reference", "--rules", "LIFE-01")]
    )
    def test_a_reader_that_goes_away_hears_no_complaint(begin, command):
        reader, writer = os.pipe()
        os.close(reader)

        process = begin(*command, stdout=writer)
        os.close(writer)
        _, errors = process.communicate(timeout=60)

        assert (141, "") == (process.returncode, errors)


# Directories that cannot be written to.


@pytest.mark.parametrize("place", ["theirs.py", "theirs.py/report"])
def test_a_report_directory_that_cannot_be_is_told_before_anything_is_judged(program, place):
    code, output, errors = program("conformance", "--client", "reference", "--report", place)

    assert (2, "") == (code, output)
    assert errors.startswith("Error: cannot write reports to theirs.py")
    assert "Name a directory that can be written to" in errors
