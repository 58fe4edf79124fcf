"""A client judged by the conformance suite, one pytest item a rule."""

from __future__ import annotations

import json
import sys

import pytest

TESTS_FAILED, NOTHING_JUDGED, USAGE_ERROR = 1, 2, 4

CLIENTS = """
    from overshoot_testkit.clients.reference import ReferenceClient

    class Good(ReferenceClient):
        name = "good"

    class Hasty(ReferenceClient):
        '''Breaks a SHOULD: attempts less than 2 s apart.'''
        keepalive_backoff = 1.0

    class Forgetful(ReferenceClient):
        '''Breaks a MUST: stop leaves the stream open.'''
        async def _close(self, *args):
            pass
        close_attempts = 0

    class Failing(ReferenceClient):
        '''Does not start.'''
        async def start(self, *args):
            raise RuntimeError("no camera")
"""


@pytest.fixture
def clients(project):
    project.write("its/module.py", CLIENTS)
    return project


def test_a_project_without_any_tests_has_its_client_judged_by_every_rule(clients):
    result = clients.pytest("--overshoot-fake", "--overshoot-client=its.module:Good", "-v")

    outcomes = result.parseoutcomes()
    assert list(outcomes) == ["passed"]
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "overshoot: judging its.module:Good by the conformance suite",
            "overshoot::LIFE-01 PASSED *",
            f"overshoot: {outcomes['passed']} of {outcomes['passed']} rules judged",
        ]
    )


def test_a_must_that_fails_is_shown_with_its_evidence_and_without_a_traceback(clients):
    result = clients.pytest("--overshoot-client=its.module:Forgetful", "--overshoot-rules=CLEAN-01,LIFE-0*")

    assert result.ret == TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*_ overshoot::CLEAN-01 _*",
            "CLEAN-01 (MUST): *",
            "Source: *",
            "  expected  *",
            "  seen      *",
            "  timeline, in virtual seconds",
            "*client.stop() called*",
            "replay: pytest overshoot::CLEAN-01 --overshoot-client its.module:Forgetful",
            "FAILED overshoot::CLEAN-01 - CLEAN-01 (MUST): *",
        ]
    )
    result.stdout.no_fnmatch_line("*_collect.py*")


def test_the_replay_command_replays_just_that_rule(clients):
    clients.write("test_other.py", "def test_other(): pass\n")

    result = clients.pytest("overshoot::CLEAN-01", "--overshoot-client", "its.module:Forgetful")

    result.assert_outcomes(failed=1)


def test_a_should_that_fails_is_a_warning_and_strictly_a_failure(clients):
    hasty = ("--overshoot-client=its.module:Hasty", "--overshoot-rules=KEEP-04")

    result = clients.pytest(*hasty)  # with filterwarnings = error in the project's own ini file

    result.assert_outcomes(passed=1, warnings=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "overshoot::KEEP-04",
            "*OvershootWarning: KEEP-04 (SHOULD): *expected attempts 2 s apart*overshoot::KEEP-04*",
            "overshoot: 1 of 1 rule judged",
        ]
    )

    result = clients.pytest(*hasty, "--overshoot-strict")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["replay: * --overshoot-strict"])


def test_what_cannot_be_judged_is_skipped_with_its_reason(clients):
    result = clients.pytest(
        "--overshoot-client=its.module:Failing", "--overshoot-rules=LIFE-01,KEEP-05", "-rs"
    )

    result.assert_outcomes(failed=1, skipped=1)
    assert result.ret == TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "overshoot: 1 of 2 rules judged",
            "SKIPPED [[]1[]] overshoot::KEEP-05: not judged: *start failed: RuntimeError: no camera*",
        ]
    )


def test_a_run_that_judged_no_must_says_so_and_exits_2(clients):
    result = clients.pytest("--overshoot-client=its.module:Failing", "overshoot::KEEP-05")

    result.assert_outcomes(skipped=1)
    assert result.ret == NOTHING_JUDGED
    result.stdout.fnmatch_lines(
        [
            "overshoot: 0 of 1 rule judged",
            "overshoot: no MUST rule was judged: nothing is known of the client (exit 2)",
        ]
    )


def test_a_driver_that_dies_is_an_error_of_each_rule_and_no_verdict(clients):
    driver = f'exec:"{sys.executable}" -c "raise SystemExit(3)"'

    result = clients.pytest(f"--overshoot-client={driver}", "--overshoot-rules=LIFE-01,LIFE-03")

    result.assert_outcomes(errors=2)
    assert result.ret == NOTHING_JUDGED
    result.stdout.fnmatch_lines(
        [
            "*ERROR at setup of overshoot::LIFE-01*",
            "the client cannot be made ready: the driver ended with exit code 3.",
            "overshoot: 0 of 2 rules judged",
        ]
    )
    result.stdout.no_fnmatch_line("*_jsonrpc.py*")


def test_selecting_listing_and_stopping_work_as_for_any_tests(clients):
    clients.write("test_own.py", "def test_own(): pass\n")
    forgetful = "--overshoot-client=its.module:Forgetful"

    listed = clients.pytest(forgetful, "--collect-only", "-q").outlines
    chosen = clients.pytest(forgetful, "-k", "test_own or LIFE-01")
    stopped = clients.pytest(
        forgetful, "-x", "overshoot::CLEAN-01", "overshoot::CLEAN-02", "overshoot::CLEAN-05"
    )

    assert {"test_own.py::test_own", "overshoot::LIFE-01", "overshoot::WS-02"} <= set(listed)
    chosen.stdout.fnmatch_lines(["*2 passed, * deselected*"])
    stopped.stdout.fnmatch_lines(["overshoot: 1 of 3 rules judged", "*stopping after 1 failures*"])


def test_a_failure_that_is_known_does_not_fail_the_run(clients):
    clients.write(
        "known.txt",
        """
        # what we know
        CLEAN-01  stop() forgets to close, https://example.com/issues/1
        """,
    )

    result = clients.pytest(
        "--overshoot-client=its.module:Forgetful",
        "--overshoot-rules=CLEAN-01",
        "--overshoot-known-failing=known.txt",
        "-rx",
    )

    result.assert_outcomes(xfailed=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["XFAIL overshoot::CLEAN-01 - *known failing: stop() forgets to close, https://example.com/issues/1"]
    )


def test_a_known_failure_that_passes_is_stale_and_fails_the_run(clients):
    clients.write("lists/known.txt", "\nLIFE-01 sends two\n")
    clients.ini("overshoot_known_failing = lists/known.txt")

    result = clients.pytest("--overshoot-client=its.module:Good", "--overshoot-rules=LIFE-*")

    assert result.ret == TESTS_FAILED
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(
        ["lists/known.txt:2: LIFE-01 is listed as known failing (sends two), but it passes. Remove the line"]
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("LIFE-01 why\nLIFE-O3 typo\n", "known.txt:2: there is no rule 'LIFE-O3'; did you mean LIFE-03?"),
        ("LIFE-01\n", "known.txt:1: LIFE-01 has no reason; *"),
        ("LIFE-01 a\n\nLIFE-01 b\n", "known.txt:3: LIFE-01 is listed already, at known.txt:1"),
    ],
)
def test_a_list_with_a_mistake_is_refused_with_file_and_line(clients, text, told):
    clients.write("known.txt", text)

    result = clients.pytest("--overshoot-client=reference", "--overshoot-known-failing=known.txt")

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {told}"])


def test_reports_are_written_for_programs(clients):
    result = clients.pytest(
        "--overshoot-client=its.module:Forgetful",
        "--overshoot-rules=CLEAN-01,LIFE-01",
        "--overshoot-report=out",
    )

    assert result.ret == TESTS_FAILED
    written = json.loads((clients.folder / "out" / "verdicts.json").read_text(encoding="utf-8"))
    assert {"LIFE-01": "pass", "CLEAN-01": "fail"} == {
        each["rule"]: each["outcome"] for each in written["verdicts"]
    }
    assert "pytest overshoot::CLEAN-01" in json.dumps(written)
    assert (clients.folder / "out" / "junit.xml").is_file()
    assert list((clients.folder / "out" / "journals").glob("CLEAN-01-*.jsonl"))
