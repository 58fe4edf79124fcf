"""Options, ini options, and what happens when they contradict each other."""

from __future__ import annotations

import pytest

USAGE_ERROR = 4

WRONG = {
    "fake and real": (
        ["--overshoot-fake", "--overshoot-url=https://x.test/v0.2", "--overshoot-api-key-env=KEY"],
        "--overshoot-fake and --overshoot-url exclude each other*Leave one of them out",
    ),
    "real without a key": (
        ["--overshoot-url=https://x.test/v0.2"],
        "--overshoot-url needs --overshoot-api-key-env NAME*",
    ),
    "a key that is not there": (
        ["--overshoot-url=https://x.test/v0.2", "--overshoot-api-key-env=NO_SUCH_KEY"],
        "--overshoot-api-key-env: the environment variable NO_SUCH_KEY is not set*",
    ),
    "a URL without its base path": (
        ["--overshoot-url=https://x.test", "--overshoot-api-key-env=KEY"],
        "--overshoot-url: 'https://x.test' is no base URL; * ends in /v0.2*",
    ),
    "no URL at all": (
        ["--overshoot-url=staging", "--overshoot-api-key-env=KEY"],
        "--overshoot-url: 'staging' is no base URL; it begins with http*",
    ),
    "rules for nobody": (
        ["--overshoot-rules=KEEP-*", "--overshoot-strict"],
        "--overshoot-rules, --overshoot-strict: only with --overshoot-client SPEC*",
    ),
    "a rule for nobody": (["overshoot::LIFE-01"], "--overshoot-rules: only with --overshoot-client SPEC*"),
    "a client against the real thing": (
        [
            "--overshoot-client=reference",
            "--overshoot-url=https://x.test/v0.2",
            "--overshoot-api-key-env=KEY",
        ],
        "--overshoot-client judges a client against the fake*run pytest once for each",
    ),
    "a client that does not import": (
        ["--overshoot-client=no_such_module:factory"],
        "no_such_module:factory: there is no module 'no_such_module'*",
    ),
    "a client that is none": (["--overshoot-client=app:ORDER"], "app:ORDER: ORDER is a dict*"),
    "a rule that does not exist": (
        ["--overshoot-client=reference", "--overshoot-rules=NONSENSE-*"],
        "--overshoot-rules: no rule matches 'NONSENSE-*'*",
    ),
    "a rule that does not exist, by node id": (
        ["--overshoot-client=reference", "overshoot::NONSENSE-01"],
        "--overshoot-rules: no rule matches 'NONSENSE-01'*",
    ),
    "a report where nothing can be written": (
        ["--overshoot-client=reference", "--overshoot-report=app.py"],
        "cannot write reports to *app.py*",
    ),
    "a list that is not there": (
        ["--overshoot-client=reference", "--overshoot-known-failing=none.txt"],
        "--overshoot-known-failing: none.txt cannot be read*",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_a_usage_error_that_names_the_way_out(project, monkeypatch, mistake):
    arguments, told = WRONG[mistake]
    monkeypatch.setenv("KEY", "ovs_secret")

    result = project.pytest(*arguments)

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {told}"])
    assert "ovs_secret" not in result.stderr.str() + result.stdout.str()
    assert "Traceback" not in result.stderr.str()


SEES_THE_FAKE = """
    def test_it(overshoot):
        assert overshoot.base_url.startswith("http://127.0.0.1:")
"""


def test_options_in_the_ini_file(project):
    project.ini("overshoot_fake = true")
    project.write("test_app.py", SEES_THE_FAKE)

    project.pytest().assert_outcomes(passed=1)


def test_the_command_line_goes_before_the_ini_file(project, monkeypatch):
    monkeypatch.setenv("KEY", "ovs_secret")
    project.ini("overshoot_fake = true\novershoot_api_key_env = KEY")
    project.write(
        "test_app.py",
        """
        def test_it(overshoot):
            assert overshoot.base_url == "https://x.test/v0.2"
        """,
    )

    project.pytest("--overshoot-url=https://x.test/v0.2").assert_outcomes(passed=1)

    project.ini("overshoot_url = https://x.test/v0.2\novershoot_api_key_env = KEY")
    project.write("test_app.py", SEES_THE_FAKE)

    project.pytest("--overshoot-fake").assert_outcomes(passed=1)


def test_an_ini_file_that_contradicts_itself(project, monkeypatch):
    monkeypatch.setenv("KEY", "ovs_secret")
    project.ini("overshoot_fake = true\novershoot_url = https://x.test/v0.2\novershoot_api_key_env = KEY")

    result = project.pytest()

    assert result.ret == USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: overshoot_fake and overshoot_url exclude each other*"])


def test_options_of_the_suite_may_stand_in_the_ini_file_for_runs_that_name_a_client(project):
    project.ini("overshoot_rules = LIFE-01\novershoot_strict = true\novershoot_known_failing = none.txt")
    project.write("test_app.py", "def test_it(): pass\n")

    project.pytest().assert_outcomes(passed=1)


def test_every_option_is_described(project):
    text = project.pytest("--help").stdout.str()

    names = ["fake", "url", "api-key-env", "client", "rules", "known-failing", "report", "strict"]
    assert [] == [name for name in names if f"--overshoot-{name}" not in text]
    assert [] == [name for name in names if f"overshoot_{name.replace('-', '_')} (" not in text]
