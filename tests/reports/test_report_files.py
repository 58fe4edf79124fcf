"""What a run leaves in a report directory: for programs, for CI, for whoever studies a failure."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from report_stories import (
    FACTS,
    JOURNAL,
    STAND_IN,
    broken,
    everything,
    failed,
    failed_in_many_cases,
    not_applicable,
    passed,
    run_of,
    warned,
)

from overshoot_testkit.lab import CaseVerdict, Finding
from overshoot_testkit.reports import (
    JournalsReporter,
    JsonReporter,
    JunitReporter,
    ReportError,
    prepare_directory,
    tell,
    verdicts_schema,
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "deep" / "report"


def verdicts(folder, events):
    tell(events, [JsonReporter(folder, FACTS)])
    return json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))


def junit(folder, events):
    tell(events, [JunitReporter(folder, FACTS)])
    return ET.parse(folder / "junit.xml").getroot()


def hostile(text):
    """A failure whose words come from a client that sends whatever it likes."""
    finding = Finding("garbled", f"a message, not {text}", f"seen {text}", 1.0)
    return replace(failed(), cases=(CaseVerdict("default", "fail", "", (finding,), (), 1.0, text),))


def test_verdicts_json_keeps_to_its_schema_whatever_the_verdicts(folder):
    Draft202012Validator.check_schema(verdicts_schema())
    schema = Draft202012Validator(verdicts_schema())

    for events in (run_of(*everything()), run_of(*everything(), strict=True, labels=()), run_of(broken())):
        assert [] == list(schema.iter_errors(verdicts(folder, events)))


def test_the_schema_lets_nothing_through_that_it_does_not_name(folder):
    schema = Draft202012Validator(verdicts_schema())
    document = verdicts(folder, run_of(*everything()))
    assert schema.is_valid(document)

    for part in (document, document["summary"], document["verdicts"][1], document["verdicts"][1]["cases"][0]):
        part["surprise"] = 1
        assert not schema.is_valid(document)
        del part["surprise"]
    document["exit_code"] = 3
    assert not schema.is_valid(document)


def test_verdicts_json_says_who_was_judged_how_and_with_what_result(folder):
    document = verdicts(folder, run_of(*everything()))

    assert 1 == document["format"]
    assert {"name": "overshoot-testkit", "version": "0.1.0"} == document["tool"]
    assert {"name": "shaky-sdk", "version": "1.4.2"} == document["client"]
    assert ("overshoot v0.2", 7, False) == tuple(document[key] for key in ("system", "seed", "strict"))
    assert [STAND_IN] == document["labels"]
    assert 1 == document["exit_code"]
    counted = {"pass": 1, "fail": 2, "warning": 1, "not_applicable": 1, "not_judged": 1, "harness_error": 1}
    assert {"rules": 7, "judged": 4, **counted} == document["summary"]
    found = document["verdicts"][1]["cases"][0]["findings"]
    assert [("retried_after_402", 24.5)] == [(each["reason"], each["at"]) for each in found]


def test_the_same_run_gives_the_same_bytes(folder, tmp_path):
    for place in (folder, tmp_path / "again"):
        tell(run_of(*everything()), [JsonReporter(place, FACTS), JunitReporter(place, FACTS)])

    for name in ("verdicts.json", "junit.xml"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_junit_has_one_test_case_a_rule_and_each_kind_in_its_own_way(folder):
    suite = junit(folder, run_of(*everything())).find("testsuite")

    assert {"tests": "7", "failures": "2", "errors": "1", "skipped": "2"} == {
        key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")
    }
    kinds = {case.get("name"): [part.tag for part in case] for case in suite.findall("testcase")}
    assert {
        "LIFE-01": ["system-out"],
        "KEEP-05": ["failure"],
        "LIFE-09": ["failure"],
        "KEEP-04": ["system-out"],
        "WS-04": ["skipped"],
        "WS-01": ["skipped"],
        "CLEAN-02": ["error"],
    } == kinds
    reasons = [skipped.get("message") for skipped in suite.iter("skipped")]
    assert [
        "not applicable: needs transport native",
        "not judged: start had not returned after 60 s",
    ] == reasons
    failure = suite.find("testcase[@name='KEEP-05']/failure")
    assert "retried_after_402" == failure.get("type")
    source = "Starting & Stopping Streams › Keepalive"
    for evidence in (source, "3 more keepalives", "> ", "24.500", "--rules KEEP-05"):
        assert evidence in failure.text


def test_a_warning_passes_in_junit_and_fails_it_when_strict(folder):
    relaxed = junit(folder, run_of(warned())).find(".//testcase")
    assert "WARNING" in relaxed.findtext("system-out")
    assert "attempts 0.5 s apart" in relaxed.findtext("system-out")

    strict = junit(folder, run_of(warned(), strict=True)).find(".//testcase")
    assert ["failure"] == [part.tag for part in strict]


@pytest.mark.parametrize("text", ["\x00\x08\x1b[31m", "\ud800", "\ufffe", "<&>]]>", "quotes \"'"])
def test_whatever_a_client_says_the_files_can_be_read(folder, text):
    """Control characters, lone surrogates and markup are what a broken client sends."""
    suite = junit(folder, run_of(hostile(text))).find("testsuite")
    assert "garbled" == suite.find("testcase/failure").get("type")
    assert "seen" in suite.find("testcase/failure").text

    document = verdicts(folder, run_of(hostile(text)))
    assert f"seen {text}" == document["verdicts"][0]["cases"][0]["findings"][0]["seen"]

    tell(run_of(hostile(text)), [JournalsReporter(folder)])
    assert (folder / "journals" / "KEEP-05-default.jsonl").stat().st_size > 0


def test_journals_are_kept_of_what_did_not_pass(folder):
    tell(run_of(*everything()), [JournalsReporter(folder)])

    names = sorted(path.name for path in (folder / "journals").iterdir())
    assert "KEEP-05-default.jsonl" in names
    assert "LIFE-09-refused.jsonl" in names
    assert "CLEAN-02-default.jsonl" in names
    assert not [name for name in names if name.startswith("LIFE-01")]
    assert JOURNAL == (folder / "journals" / "KEEP-05-default.jsonl").read_text(encoding="utf-8")


def test_journals_of_an_earlier_run_do_not_pass_for_this_ones(folder):
    tell(run_of(failed(), failed_in_many_cases()), [JournalsReporter(folder)])
    mended = replace(failed(), outcome="pass", cases=passed().cases)

    tell(run_of(mended), [JournalsReporter(folder)])

    left = [path.name for path in (folder / "journals").iterdir()]
    assert not [name for name in left if name.startswith("KEEP-05")]
    assert [name for name in left if name.startswith("LIFE-09")], "that rule was not run again"


def test_a_case_named_unlike_a_file_gets_a_file_all_the_same(folder):
    case = replace(failed().cases[0], case="../TTL 30 s: a/b")
    tell(run_of(replace(failed(), cases=(case,))), [JournalsReporter(folder)])

    assert ["KEEP-05-.._TTL_30_s__a_b.jsonl"] == [path.name for path in (folder / "journals").iterdir()]


def test_files_are_whole_and_nothing_else_is_left_in_the_directory(folder):
    tell(run_of(not_applicable()), [JsonReporter(folder, FACTS), JunitReporter(folder, FACTS)])

    assert ["junit.xml", "verdicts.json"] == sorted(path.name for path in folder.iterdir())


def test_a_directory_that_cannot_be_is_refused_with_the_reason(tmp_path):
    in_the_way = tmp_path / "report"
    in_the_way.write_text("I am a file")

    for place in (in_the_way, in_the_way / "inside"):
        with pytest.raises(ReportError, match=r"cannot write reports to .*report.*Name a directory"):
            prepare_directory(place)


def test_a_directory_is_made_with_its_parents_and_left_empty(folder):
    prepare_directory(folder)

    assert [] == list(folder.iterdir())


def test_a_report_file_can_be_read_by_others(folder):
    """CI collects reports under another user than the one that wrote them."""
    tell(run_of(passed()), [JsonReporter(folder, FACTS)])

    readable_by_others = (folder / "verdicts.json").stat().st_mode & 0o044
    assert 0o044 == readable_by_others or sys.platform == "win32"


@pytest.mark.parametrize("strict", [False, True])
def test_verdicts_json_says_whether_the_run_was_strict(folder, strict):
    assert strict is verdicts(folder, run_of(warned(), strict=strict))["strict"]


def test_a_report_that_cannot_be_put_in_place_leaves_nothing_behind(folder):
    (folder / "junit.xml").mkdir(parents=True)

    with pytest.raises(ReportError, match=r"cannot write reports to .*junit\.xml"):
        tell(run_of(passed()), [JunitReporter(folder, FACTS)])

    assert ["junit.xml"] == [path.name for path in folder.iterdir()]


def test_a_case_that_was_not_run_has_no_journal(folder):
    case = CaseVerdict("default", "harness_error", "it did not begin")
    tell(run_of(replace(broken(), cases=(case,))), [JournalsReporter(folder)])

    assert not folder.exists()


def test_stand_ins_stand_in_junit_beside_each_rule_that_rests_on_them(folder):
    case = junit(folder, run_of(failed())).find(".//testcase/failure")

    assert f"Rests on: {STAND_IN}" in case.text


def test_verdicts_json_can_be_read_by_people(folder):
    tell(run_of(passed()), [JsonReporter(folder, FACTS)])

    assert "Transport & Connectivity › Manual" in (folder / "verdicts.json").read_text(encoding="utf-8")
