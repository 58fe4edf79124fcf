"""One vocabulary: what `faults` exports is known to JSON, to its schema and to words on a command line."""

from __future__ import annotations

import json

import jsonschema
import pytest
from any_faults import specs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overshoot_testkit import faults
from overshoot_testkit.clock import SteppedClock
from overshoot_testkit.faults import (
    Action,
    Answer,
    CloseSocket,
    Delay,
    Deploy,
    EndStream,
    ExpireLease,
    Fault,
    FaultPlan,
    Latency,
    LogNormal,
    Match,
    Pass,
    Ramp,
    SendGarbage,
    Steps,
    Uniform,
)
from overshoot_testkit.journal import Journal
from overshoot_testkit.scenarios import (
    FaultSpec,
    catalogue,
    describe_action,
    describe_fault,
    describe_spec,
    fault_from,
    fault_from_words,
    triggers,
    vocabulary,
)


def validator(action):
    """Of the one action: a union's reasons are hard to read, and slow to find."""
    schema = {"$ref": f"#/$defs/{type(action).__name__}", "$defs": vocabulary()["$defs"]}
    return jsonschema.Draft202012Validator(schema)


def a_plan():
    clock = SteppedClock()
    plan = FaultPlan(clock, Journal(clock))
    plan.routes = ("create", "keepalive")
    plan.carry_out = lambda action, stream: None
    return plan


def refusal(form):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is what is looked at
        fault_from_words(form) if isinstance(form, str) else fault_from(form)
    return str(caught.value)


# --- one source


def test_every_action_that_is_exported_is_in_the_catalogue():
    exported = {
        each
        for each in vars(faults).values()
        if isinstance(each, type) and issubclass(each, Action) and each is not Action
    }

    assert exported == {doc.action for doc in catalogue().values()}
    assert catalogue().keys() == vocabulary()["discriminator"]["mapping"].keys()


@pytest.mark.parametrize("name", catalogue())
def test_every_action_and_every_field_says_what_it_means(name):
    doc = catalogue()[name]

    assert doc.text
    assert [] == [each.name for each in doc.fields if not each.text]
    described = vocabulary()["$defs"][doc.action.__name__]
    assert doc.text == described["description"]
    for each in doc.fields:
        assert each.text == described["properties"][each.name]["description"]
        assert each.required == (each.name in described["required"])


def test_every_condition_says_what_it_means():
    assert [] == [each.name for each in triggers() if not each.text]
    assert {"at", "in", "on.route", "on.chance"} <= {each.name for each in triggers()}


@pytest.mark.parametrize("name", catalogue())
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_every_fault_goes_to_json_and_back(name, data):
    spec = data.draw(specs(name))
    form = json.loads(json.dumps(describe_spec(spec)))

    validator(spec.action).validate(form)
    assert spec == fault_from(form)


# --- the JSON form


@pytest.mark.parametrize(
    ("form", "spec"),
    [
        (
            {"action": "answer", "status": 503, "on": {"route": "keepalive", "times": 2}, "name": "down"},
            FaultSpec(Answer(503), Match("keepalive", times=2), name="down", on_occasions=True),
        ),
        ({"action": "deploy", "seconds": 5, "at": 30}, FaultSpec(Deploy(5), at=30)),
        ({"action": "deploy", "seconds": 5, "by": 503, "in": 5}, FaultSpec(Deploy(5), after=5)),
        ({"action": "expire_lease", "stream": "s1"}, FaultSpec(ExpireLease(), Match(stream="s1"))),
        (
            {"action": "delay", "seconds": {"uniform": {"low": 1, "high": 3}}},
            FaultSpec(Delay(Uniform(1, 3))),
        ),
        (
            {"action": "delay", "seconds": {"lognormal": {"median": 1, "sigma": 0.5}}},
            FaultSpec(Delay(LogNormal(1, 0.5))),
        ),
        (
            {"action": "latency", "seconds": 1, "on": {"chance": {"start": 0, "end": 1, "seconds": 60}}},
            FaultSpec(Latency(1), Match(chance=Ramp(0, 1, 60)), on_occasions=True),
        ),
        (
            {"action": "steps", "actions": [{"action": "answer", "status": 503}, {"action": "pass"}]},
            FaultSpec(Steps((Answer(503), Pass()))),
        ),
        ({"action": "send_garbage", "payload": {"base64": "AAE="}}, FaultSpec(SendGarbage(b"\x00\x01"))),
    ],
)  # fmt: skip
def test_what_a_form_means(form, spec):
    validator(spec.action).validate(form)
    assert spec == fault_from(form)


def test_the_schema_refuses_what_no_form_is():
    schema = jsonschema.Draft202012Validator(vocabulary())

    assert schema.is_valid({"action": "answer", "status": 503})
    assert not schema.is_valid({"action": "answer", "status": "503"})
    assert not schema.is_valid({"action": "answr"})


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"action": "answr"}, "fault: action: nothing is called 'answr'; did you mean 'answer'?"),
        ({}, "fault: action: is missing"),
        (["answer"], "fault: must be a mapping, not ['answer']"),
        ({"action": "answer"}, "fault: status: is missing"),
        ({"action": "answer", "status": 999}, "fault: status: 999 is not an HTTP status from 200 to 599"),
        ({"action": "answer", "status": "503"}, "fault: status: must be a whole number, not '503'"),
        ({"action": "answer", "status": True}, "fault: status: must be a whole number, not True"),
        ({"action": "answer", "status": 503, "rout": "x"}, "fault: rout: nothing has this name; there are:"),
        (
            {"action": "answer", "status": 503, "on": {"rout": "x"}},
            "fault: on.rout: nothing has this name; did you mean 'route'?",
        ),
        (
            {"action": "answer", "status": 503, "body": 5},
            "fault: body: must be a mapping, a list or text, not 5",
        ),
        ({"action": "answer", "status": 503, "at": 3}, "at: it happens to a request, not at a moment; "),
        ({"action": "latency", "seconds": 1, "in": 3}, "in: it happens to a connection, not at a moment"),
        ({"action": "deploy", "seconds": 5, "at": 3, "in": 3}, "in: at says when it happens already"),
        ({"action": "deploy", "seconds": 5, "at": -3}, "at: input should be greater than or equal to 0"),
        (
            {"action": "answer", "status": 503, "stream": "s1", "on": {"stream": "s2"}},
            "stream: on.stream says so already; keep one of them",
        ),
        ({"action": "answer", "status": 503, "on": {"times": 0}}, "on.times: 0 would never fire"),
        ({"action": "answer", "status": 503, "on": {"since": 5, "until": 5}}, "on.until: 5 is not after "),
        ({"action": "answer", "status": 503, "on": {"chance": 2}}, "on.chance: 2 is no probability"),
        (
            {"action": "answer", "status": 503, "on": {"chance": {"start": 2, "end": 1, "seconds": 1}}},
            "on.chance.start: 2 is no probability from 0 to 1",
        ),
        (
            {"action": "answer", "status": 503, "on": {"where": "x"}},
            "on.where: nothing has this name",
        ),
        (
            {"action": "delay", "seconds": {"uniform": {"low": 3, "high": 1}}},
            "seconds.uniform: Uniform: 0 <= low <= high is needed",
        ),
        ({"action": "delay", "seconds": {"unifrom": {}}}, "seconds.unifrom: nothing has this name; "),
        ({"action": "delay", "seconds": float("nan")}, "seconds: input should be a finite number"),
        (
            {"action": "steps", "actions": [{"action": "pass"}, {"action": "close_socket"}]},
            "fault: actions[1]: CloseSocket() does not happen to a request",
        ),
        ({"action": "steps", "actions": [{"action": "steps"}]}, "[0].action: nothing is called 'steps'"),
        ({"action": "steps", "actions": []}, "fault: actions: at least one is needed"),
        (
            {"action": "steps", "actions": [{"action": "pass", "on": {}}]},
            "fault: actions[0].on: nothing has this name",
        ),
        ({"action": "send_garbage", "payload": {"base64": "*"}}, "payload.base64: "),
        ({"action": "send_garbage", "payload": 5}, "payload: must be text, not 5"),
        ({"action": "deploy", "seconds": 5, "by": "504"}, "by: must be '503' or 'refusal', not '504'"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_form_is_told_with_its_field(form, said):
    assert said in refusal(form)


def test_all_mistakes_are_told_together():
    told = refusal({"action": "delay", "second": 3, "when": "later", "on": {"time": 2}}).splitlines()

    assert {"on.time", "seconds", "second", "when"} == {line.split(": ")[1] for line in told}


# --- words


@pytest.mark.parametrize(
    ("words", "form"),
    [
        ("answer status=503 route=keepalive times=2",
         {"action": "answer", "status": 503, "on": {"route": "keepalive", "times": 2}}),
        ("answer 503", {"action": "answer", "status": 503}),
        ("Answer 503 name=7", {"action": "answer", "status": 503, "name": "7"}),
        ("delay 3 chance=0.5", {"action": "delay", "seconds": 3, "on": {"chance": 0.5}}),
        ("delay {uniform: {low: 1, high: 2}}",
         {"action": "delay", "seconds": {"uniform": {"low": 1, "high": 2}}}),
        ("deploy 5 at=30", {"action": "deploy", "seconds": 5, "at": 30}),
        ("deploy 5 in=5 times=3", {"action": "deploy", "seconds": 5, "times": 3, "in": 5}),
        ("deploy 5 times=2 on.times=3",
         {"action": "deploy", "seconds": 5, "times": 2, "on": {"times": 3}}),
        ("answer 429 body={error: x, more: [1, 2]} headers.Retry-After=7",
         {"action": "answer", "status": 429, "body": {"error": "x", "more": [1, 2]},
          "headers": {"Retry-After": "7"}}),
        ('close_socket 1012 reason="going away"', {"action": "close_socket", "code": 1012,
                                                   "reason": "going away"}),
        ('latency 1 key="key 1"', {"action": "latency", "seconds": 1, "on": {"key": "key 1"}}),
        ("answer 503 stream=s1 skip=1", {"action": "answer", "status": 503,
                                         "on": {"stream": "s1", "skip": 1}}),
        ("steps [{action: answer, status: 503}, {action: pass}] repeat=true",
         {"action": "steps", "actions": [{"action": "answer", "status": 503}, {"action": "pass"}],
          "repeat": True}),
        ("malform chunk", {"action": "malform", "part": "chunk"}),
        ("  expire_lease\tstream=s1 ", {"action": "expire_lease", "stream": "s1"}),
        ("end_stream lease_expired", {"action": "end_stream", "reason": "lease_expired"}),
    ],
)  # fmt: skip
def test_what_words_mean(words, form):
    assert fault_from(form) == fault_from_words(words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "a fault: say what happens; there are: answer,"),
        ("answr 5", "answr 5: there is no action 'answr'; did you mean 'answer'?"),
        ("answer 503 x", "answer 503 x: 'x' is no name=value, such as status=x"),
        ("expire_lease 5", "'5' is no name=value, such as times=5"),
        ("answer 503 rout=x", "rout: nothing has this name; did you mean 'route'?"),
        ("answer 503 times=2 times=3", "on.times: is there twice; keep one"),
        ("answer 503 status=504", "status: is there twice; keep one"),
        ("answer body=[1", "body: not YAML: expected ',' or ']'"),
        ("answer 999", "answer 999: status: 999 is not an HTTP status from 200 to 599"),
        ("answer 503 body=x body.y=1", "body.y: is part of something that was given whole; keep one"),
        ("answer 503 at=3", "at: it happens to a request, not at a moment"),
        ("delay soon", "seconds: must be a number, not 'soon'"),
        ("answer", "answer: status: is missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_words_is_told(words, said):
    assert said in refusal(words)


# --- set on a plan


def test_when_a_fault_that_is_set_happens():
    plan = a_plan()
    plan.clock.step(100)
    struck = []
    plan.carry_out = lambda action, stream: struck.append((plan.clock.now(), str(action), stream))
    for words in (
        "expire_lease stream=s1",
        "close_socket 1012 in=5",
        "deploy 5 at=110",
        "deploy 6 on.route=keepalive",
        "answer 503 since=120 until=130",
    ):
        fault_from_words(words).set(plan)
    while plan.clock.step(200):
        pass

    assert [
        (100.0, "ExpireLease()", "s1"),
        (105.0, "CloseSocket(code=1012)", None),
        (110.0, "Deploy(seconds=5)", None),
    ] == struck
    assert [None, None, None, "keepalive", None] == [fault.match.route for fault in plan]
    assert (120, 130) == (list(plan)[-1].match.since, list(plan)[-1].match.until)


def test_moments_can_count_from_a_beginning():
    plan = a_plan()
    plan.clock.step(100)
    at = fault_from_words("deploy 5 at=30").set(plan, start=100)
    window = fault_from_words("answer 503 since=0 until=60").set(plan, start=100)
    always = fault_from_words("answer 503").set(plan, start=100)

    assert (130, (100, 160)) == (at.moment, (window.match.since, window.match.until))
    assert Match() == always.match


def test_a_route_nobody_has_is_refused_when_it_is_set():
    with pytest.raises(ValueError, match="route: there is no 'keepalives'; did you mean 'keepalive'"):
        fault_from_words("answer 503 route=keepalives").set(a_plan())


def test_what_is_told_of_a_fault_that_was_set():
    plan = a_plan()
    plan.clock.step(7)
    fault = plan.on(Answer(503), route="keepalive", name="down")
    struck = plan.now(CloseSocket(1012), stream="s1", name="closed")
    odd = plan.on(EndStream("x"), where=str.__eq__, chance=Ramp(0, 1, 60), name="odd")

    told = {"action": "answer", "status": 503, "on": {"route": "keepalive"}, "name": "down"}
    assert told | {"fired": 0, "seen": 0, "set_at": 7} == describe_fault(fault)
    told = {"action": "close_socket", "code": 1012, "at": 7, "stream": "s1", "name": "closed"}
    assert told | {"fired": 1, "seen": 0, "set_at": 7} == describe_fault(struck)
    assert {"chance": {"start": 0, "end": 1, "seconds": 60}, "where": repr(str.__eq__)} == describe_fault(
        odd
    )["on"]


def test_what_is_as_usual_is_left_out():
    assert {"action": "answer", "status": 503} == describe_action(Answer(503))
    assert {"action": "send_garbage"} == describe_action(SendGarbage())
    assert {
        "action": "send_garbage",
        "payload": {"base64": "AA=="},
    } == describe_action(SendGarbage(b"\0"))


def test_a_fault_is_told_as_it_is_written():
    assert "Steps(actions=[Answer(status=503), Pass()])" == str(Steps([Answer(503), Pass()]))
    assert isinstance(fault_from_words("answer 503 name=x").set(a_plan()), Fault)
