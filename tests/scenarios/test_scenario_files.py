"""Scenario files: what they say, and how a mistake in one is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.documents import DocumentError, parse
from overshoot_testkit.fakes.overshoot import OvershootFake
from overshoot_testkit.faults import Answer, Deploy, Match
from overshoot_testkit.scenarios import (
    FaultSpec,
    load_scenario,
    play,
    scenario_from,
    scenario_schema,
    shipped_scenarios,
)

FIXTURES = Path(__file__).resolve().parent.parent.parent / "fixtures" / "scenarios"
WHOLE = """\
title: All there is
profile: seed
settings: {lease_ttl: 30}
seed: 7
faults:
  - {action: deploy, seconds: 5, at: 30, name: deploy}
  - action: answer
    status: 503
    on:
      route: keepalive
results: [one, {ok: false}, null]
checks:
  - name: deployed
    at: 30
    expect: {fired: deploy}
  - name: few
    at: always
    expect: {fact: open_streams, at_most: 1}
  - name: kept alive
    expect:
      count: {event: Request, route: keepalive, since: 0, until: 60}
      at_least: 2
  - name: ended
    at: end
    expect:
      last: {event: StateChanged, entity: stream}
      has: {after: ended}
"""


def written(text=WHOLE, kind="yaml"):
    return scenario_from(parse(text, kind, f"plan.{kind}"))


def a_fake():
    return OvershootFake(clock=SteppedClock())


def mistakes(text, old="", new=""):
    assert old in text
    with pytest.raises(DocumentError) as caught:
        play(written(text.replace(old, new, 1)), a_fake())
    return str(caught.value)


def test_what_a_file_says():
    scenario = written()

    assert ("All there is", "seed", {"lease_ttl": 30}, 7) == (
        scenario.title,
        scenario.profile,
        scenario.settings,
        scenario.seed,
    )
    assert scenario.faults == (
        FaultSpec(Deploy(5), at=30, name="deploy"),
        FaultSpec(Answer(503), Match("keepalive"), on_occasions=True),
    )
    assert ("one", {"ok": False}, None) == scenario.results
    assert [("deployed", 30), ("few", "always"), ("kept alive", "end"), ("ended", "end")] == [
        (check.name, check.at) for check in scenario.checks
    ]


def test_plain_data_is_as_good_as_a_file():
    data = parse(WHOLE, "yaml", "a").data

    assert written().faults == scenario_from(data).faults
    assert written().checks == scenario_from(data, "posted").checks
    with pytest.raises(DocumentError, match=r"^posted: title: is missing$"):
        scenario_from({}, "posted")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: All there is", "titel: x", "plan.yaml:1: titel: nothing has this name; did you mean"),
        ("title: All there is", "title: ''", "plan.yaml:1: title: string should have at least 1 character"),
        ("seconds: 5", "seconds: soon", "plan.yaml:6: faults[0].seconds: must be a number, not 'soon'"),
        ("status: 503", "status: 999", "plan.yaml:8: faults[1].status: 999 is not an HTTP status"),
        ("route: keepalive\n", "rout: x\n", "plan.yaml:10: faults[1].on.rout: nothing has this name"),
        ("route: keepalive\n", "route: x\n", "plan.yaml:10: faults[1].on.route: there is no 'x'; Routes:"),
        ("    on:\n", "    name: deploy\n    on:\n",
         "plan.yaml:9: faults[1].name: faults[0] is called 'deploy' too; names tell faults apart"),
        ("name: few", "name: deployed",
         "plan.yaml:16: checks[1].name: checks[0] is called 'deployed' too; names tell checks apart"),
        ("fired: deploy", "fired: deploi",
         "plan.yaml:15: checks[0].expect.fired: no fault has the name 'deploi'; did you mean 'deploy'?"),
        ("{fired: deploy}", "{fird: deploy}",
         "plan.yaml:15: checks[0].expect: must be a mapping with one of count, fact, fired, last"),
        ("{fired: deploy}", "{fired: deploy, fact: x}", "checks[0].expect: must be a mapping with one of"),
        ("at: always", "at: allways", "plan.yaml:17: checks[1].at: must be a number or 'end' or 'always'"),
        ("at: 30\n", "at: -30\n", "plan.yaml:14: checks[0].at: input should be greater than or equal to 0"),
        ("fact: open_streams", "fact: open_stream",
         "plan.yaml:18: checks[1].expect.fact: the server knows no 'open_stream'; did you mean"),
        (", at_most: 1", "", "plan.yaml:18: checks[1].expect: say how much: equals, at_least or at_most"),
        ("at_most: 1", "at_most: few", "plan.yaml:18: checks[1].expect.at_most: must be a number, not 'few'"),
        ("at_most: 1", "more: 1", "plan.yaml:18: checks[1].expect.more: nothing has this name; there are:"),
        ("event: Request", "event: Reqest",
         "plan.yaml:21: checks[2].expect.count.event: there is no event 'Reqest'; did you mean 'Request'?"),
        ("event: Request, route", "event: Request, rout",
         "plan.yaml:21: checks[2].expect.count.rout: Request has no such field; did you mean 'route'?"),
        ("has: {after: ended}", "has: {aftr: ended}",
         "plan.yaml:27: checks[3].expect.has: aftr: StateChanged has no such field; did you mean 'after'?"),
        ("has: {after: ended}", "has: {}", "plan.yaml:27: checks[3].expect.has: "),
        ("lease_ttl: 30", "lease_tll: 30", "plan.yaml:3: settings.lease_tll: nothing has this name; did you"),
        ("lease_ttl: 30", "lease_ttl: x", "plan.yaml:3: settings.lease_ttl: "),
        ("lease_ttl: 30", "lease_ttl: 0", "plan.yaml:3: settings.lease_ttl: 0 must be greater than 0"),
        ("lease_ttl: 30", "price_cents_per_second: 3", "plan.yaml:3: settings: price_cents_per_second: "),
        ("profile: seed", "profile: sead", "plan.yaml:2: profile: sead: there is no such profile; did"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_file_line_field_and_fix(old, new, said):
    assert said in mistakes(WHOLE, old, new)


def test_nothing_stays_set_of_a_scenario_that_cannot_be_played():
    fake = a_fake()
    with pytest.raises(DocumentError):
        play(written(WHOLE.replace("route: keepalive\n", "route: x\n", 1)), fake)

    assert [] == list(fake.faults)
    assert fake.clock.next_timer() is None


def test_toml_says_the_same():
    toml = """
title = "All there is"
[[faults]]
action = "answer"
status = 999
"""
    with pytest.raises(DocumentError, match=r"^plan.toml:5: faults\[0\].status: 999 is not an HTTP status"):
        written(toml, "toml")


# --- files


def test_a_file_by_its_path_and_one_that_ships_by_its_name(tmp_path):
    (tmp_path / "mine.yaml").write_text("title: mine", encoding="utf-8")

    assert "mine" == load_scenario(tmp_path / "mine.yaml").title
    assert load_scenario("lost-201").title == load_scenario(FIXTURES / "lost-201.yaml").title
    with pytest.raises(
        DocumentError, match="lost-202: neither a file nor a scenario that ships; did you mean"
    ):
        load_scenario("lost-202")
    with pytest.raises(DocumentError, match=r"none.yaml: No such file"):
        load_scenario("none.yaml")


def test_a_profile_beside_the_file_is_found_wherever_the_program_runs(tmp_path):
    (tmp_path / "mine.toml").write_text("lease_ttl = 33", encoding="utf-8")
    (tmp_path / "plan.yaml").write_text("title: x\nprofile: mine.toml", encoding="utf-8")
    fake = a_fake()
    play(load_scenario(tmp_path / "plan.yaml"), fake)

    assert 33 == fake.settings.lease_ttl


def test_the_schema_that_ships_is_that_of_the_code():
    shipped = json.loads((FIXTURES / "scenario.schema.json").read_text(encoding="utf-8"))

    assert scenario_schema() == shipped, "write it anew: json.dumps(scenario_schema(), indent=1)"


def test_all_that_ship_are_listed():
    files = {path.stem for path in FIXTURES.iterdir() if path.suffix in {".yaml", ".toml"}}

    assert files == shipped_scenarios().keys()
    assert len(files) >= 6
