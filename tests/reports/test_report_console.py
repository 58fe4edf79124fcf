"""What a maintainer reads: in a terminal of 80 columns, in a CI log, and where the encoding is poor."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from report_stories import (
    FACTS,
    REPLAY,
    STAND_IN,
    broken,
    everything,
    failed,
    failed_in_many_cases,
    not_applicable,
    not_judged,
    passed,
    run_of,
    warned,
)
from rich.console import Console

from overshoot_testkit.lab import CaseVerdict, Finding, SuiteFinished, Summary
from overshoot_testkit.reports import ConsoleReporter, RunFacts, make_console, tell, verdict_sentence


@pytest.fixture(autouse=True)
def _a_plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def log(events, *, facts=FACTS, encoding="utf-8", **options):
    """A run as it stands in a CI log."""
    raw = io.BytesIO()
    with ConsoleReporter(
        make_console(file=io.TextIOWrapper(raw, encoding=encoding, write_through=True)), facts, **options
    ) as reporter:
        tell(events, [reporter])
    return raw.getvalue().decode(encoding)


def summary(*verdicts, strict=False):
    return Summary("shaky-sdk", "1.4.2", verdicts, strict=strict)


def test_a_log_tells_each_rule_as_it_is_done(tmp_path):
    stream = io.StringIO()
    reporter = ConsoleReporter(make_console(file=stream), FACTS)
    heard = []
    for event in run_of(passed(), failed()):
        before = stream.tell()
        reporter.consume(event)
        heard.append(stream.getvalue()[before:])

    assert ["Judging shaky-sdk 1.4.2 against overshoot v0.2, seed 7\n"] == heard[:1]
    assert ["[1/2] LIFE-01   ✓ pass\n", "[2/2] KEEP-05   ✗ FAIL\n"] == [line for line in heard[1:-1] if line]


def test_the_table_has_a_row_a_rule_with_its_level_outcome_and_time():
    told = log(run_of(*everything()))

    for row in (
        "LIFE-01   MUST    ✓ pass               4.0 s  start sends one POST /streams wit…",
        "LIFE-09   MUST    ✗ FAIL             6.0 min  each create failure is reported o…",
        "KEEP-04   MUST    ! warning            2.0 h  keepalive attempts are bounded, a…",
        "WS-04     MUST    – not applicable            a quiet, healthy stream survives …",
        "WS-01     MUST    ? not judged        60.0 s  close code 1008 is terminal and r…",
        "CLEAN-02  MUST    ⚠ harness error      0.0 s  after stop nothing is left: no so…",
    ):
        assert f"\n{row}\n" in told


def test_a_failure_is_shown_with_all_that_a_maintainer_needs():
    told = log(run_of(failed()))

    for line in (
        "402 is terminal at once: no retry",
        "Source: Starting & Stopping Streams › Keepalive",
        "  expected  no keepalive after the 402 at 22.5 s",
        "  seen      3 more keepalives, the first at 24.5 s",
        "    22.500  ← 402 keepalive",
        "  ▶ 24.500  → POST /v0.2/streams/str_1/keepalive",
        f"  replay    {REPLAY.format('KEEP-05')}",
    ):
        assert f"\n{line}\n" in told


def test_where_the_journals_are_is_said_when_they_are_written(tmp_path):
    assert "journal" not in log(run_of(failed()))

    told = log(run_of(failed(), failed_in_many_cases()), directory=tmp_path)
    assert f"  journal   {tmp_path / 'journals' / 'KEEP-05-default.jsonl'}\n" in told
    assert "beside it those of 402, 422, 429, 500, refused\n" in told
    assert f"Reports: {tmp_path}\n" in told


def test_one_defect_in_many_cases_is_told_once_and_the_other_is_not_lost():
    told = log(run_of(failed_in_many_cases()))

    assert 1 == told.count("timeline:")
    assert "… and 3 more like it, in 429, 500, refused" in told
    assert "seen      1 connection still open" in told


def test_cases_that_tell_the_same_are_told_together():
    found = Finding("ended", "the stream goes on", "it ended", 45.0)
    cases = tuple(CaseVerdict(name, "fail", "", (found,)) for name in ("500", "502", "reset"))
    told = log(run_of(replace(failed(), cases=cases)))

    assert "  cases     500, 502, reset at 45 s\n  expected  the stream goes on\n" in told
    assert 1 == told.count("it ended")


def test_beside_a_failed_must_a_should_is_marked():
    soft = Finding("soft", "a pause of 2 s", "a pause of 1 s", level="SHOULD")
    hard = Finding("hard", "an end", "no end")
    told = log(run_of(replace(failed(), cases=(CaseVerdict("default", "fail", "", (hard, soft)),))))

    assert "expected  an end\n" in told
    assert "expected  a pause of 2 s (SHOULD)\n" in told


def test_a_warning_is_shorter_than_a_failure():
    relaxed, strict = log(run_of(warned())), log(run_of(warned(), strict=True))

    assert "! warning KEEP-04 (the SHOULD part of a MUST rule)" in relaxed
    assert "attempts 0.5 s apart" in relaxed
    assert "✗ FAIL KEEP-04" in strict


def test_a_broken_harness_shows_what_broke_and_the_last_that_was_seen():
    told = log(run_of(broken()))

    assert "  the driver ended with exit code 3.\n  Command: node driver.mjs\n" in told
    assert "    out of memory\n" in told
    assert "  client.start() called\n" in told


def test_what_could_not_be_judged_is_grouped_by_its_reason():
    other = replace(not_applicable(), rule="KEEP-10")
    told = log(run_of(not_applicable(), other, not_judged(), labels=()))

    assert "– not applicable: WS-04, KEEP-10: needs transport native\n" in told
    assert "? not judged: WS-01: start had not returned after 60 s\n" in told


def test_stand_ins_are_named_once():
    told = log(run_of(*everything()))

    assert 1 == told.count(STAND_IN)


def test_the_run_ends_in_its_counts_and_one_sentence():
    *_, counts, sentence = log(run_of(*everything())).splitlines()

    assert (
        "4 of 7 rules judged: 1 passed, 2 failed, 1 warning; 1 not applicable, 1 not judged, 1 harness error"
        == counts
    )
    assert "shaky-sdk 1.4.2: not conformant: 2 MUST rules failed; 1 rule ended in a harness error" == sentence


@pytest.mark.parametrize(
    ("expected", "run"),
    [
        ("conformant", summary(passed())),
        ("conformant, with 1 warning", summary(passed(), warned())),
        ("conformant; 1 rule could not be judged", summary(passed(), not_judged())),
        ("not conformant: 1 MUST rule failed", summary(passed(), failed(), warned())),
        ("not conformant: 1 SHOULD rule failed (strict)", summary(passed(), warned(), strict=True)),
        (
            "not conformant: 1 MUST rule and 1 SHOULD rule failed (strict)",
            summary(failed(), warned(), strict=True),
        ),
        ("no verdict: 1 rule ended in a harness error", summary(passed(), broken())),
        ("no verdict: no MUST rule was judged", summary(not_applicable(), not_judged())),
    ],
)
def test_the_sentence_says_what_the_exit_code_means(expected, run):
    assert expected == verdict_sentence(run)


def test_a_verdict_by_chosen_rules_does_not_claim_more():
    assert "conformant by the rules chosen (LIFE-*)" == verdict_sentence(summary(passed()), rules="LIFE-*")


def test_quiet_leaves_the_failures_and_the_verdict():
    told = log(run_of(*everything()), quiet=True)

    assert [
        "✗ FAIL KEEP-05 402 is terminal at once: no retry",
        "✗ FAIL LIFE-09 each create failure is reported once, with its kind, and leaves nothing behind",
        "! warning KEEP-04 keepalive attempts are bounded, and none is made once the lease is gone",
    ] == told.splitlines()[:3]
    assert 5 == len(told.splitlines())


def test_a_log_has_no_colours_no_line_ends_in_blanks_and_only_commands_are_long():
    lines = log(run_of(*everything())).splitlines()

    assert not [line for line in lines if "\x1b" in line or line != line.rstrip()]
    long = [line for line in lines if len(line) > 80]
    assert not [line for line in long if "replay" not in line and line not in lines[-2:]]


def test_long_words_of_a_client_are_wrapped_beside_their_label():
    wordy = Finding("wordy", "a short message", "word " * 40, 1.0)
    told = log(run_of(replace(failed(), cases=(CaseVerdict("default", "fail", "", (wordy,)),))))

    assert "\n  seen      word word" in told
    assert "\n            word word" in told


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_where_signs_cannot_be_shown_plain_ones_stand_in_their_place(encoding):
    told = log(run_of(*everything()), encoding=encoding)

    assert "LIFE-01   MUST    + pass               4.0 s" in told
    assert "KEEP-05   MUST    x FAIL              82.5 s" in told
    assert "  > 24.500  > POST /v0.2/streams/str_1/keepalive" in told


def test_what_a_client_says_cannot_paint_the_terminal():
    painter = Finding("painter", "plain text", "\x1b[31mred\x07 [bold]not markup[/bold] \ud800", 1.0)
    told = log(run_of(replace(failed(), cases=(CaseVerdict("default", "fail", "", (painter,)),))))

    assert "seen      \\x1b[31mred\\x07 [bold]not markup[/bold] \\ud800" in told


def a_terminal(stream):
    return Console(
        file=stream, force_terminal=True, force_interactive=True, width=80, highlight=False, markup=False
    )


def test_on_a_terminal_one_line_moves_on_and_is_gone_at_the_end():
    stream = io.StringIO()
    with ConsoleReporter(a_terminal(stream), FACTS) as reporter:
        tell(run_of(*everything()), [reporter])
    told = stream.getvalue()

    assert "rule 2 of 7, 86.5 s of virtual time: " in told
    assert "[1/7]" not in told
    assert told.index("rule 7 of 7") < told.rindex("\x1b[2K") < told.index("What a client does")


def test_a_run_that_is_broken_off_gives_the_cursor_back():
    stream = io.StringIO()
    events = run_of(passed(), failed())
    with ConsoleReporter(a_terminal(stream), FACTS) as reporter:
        reporter.consume(next(events))
        reporter.consume(next(events))

    hidden, shown = "\x1b[?25l", "\x1b[?25h"
    assert stream.getvalue().rindex(hidden) < stream.getvalue().rindex(shown)


def test_no_color_means_none_even_where_colours_are_forced(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")

    def told(**options):
        stream = io.StringIO()
        tell(run_of(failed()), [ConsoleReporter(make_console(file=stream, **options), FACTS, quiet=True)])
        return stream.getvalue()

    assert "\x1b[" in told()
    assert "\x1b[" not in told(no_color=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in told()


def test_a_seed_of_nothing_special_is_not_mentioned():
    facts = RunFacts(system="overshoot v0.2", tool_version="0.1.0")

    assert log(run_of(passed()), facts=facts).startswith("Judging shaky-sdk 1.4.2 against overshoot v0.2\n")


def test_a_run_without_an_end_is_an_error_of_the_engine():
    events = list(run_of(passed()))[:-1]

    with pytest.raises(ValueError, match="without a SuiteFinished"):
        tell(events, [])


def test_a_name_that_would_paint_the_terminal_is_shown_in_signs():
    *_, finished = run_of(passed())
    painted = replace(finished.summary, client="\x1b[31mshaky")

    assert "\\x1b[31mshaky 1.4.2: conformant" in log([SuiteFinished(painted)])
