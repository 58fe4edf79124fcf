"""Any action and any fault, made from the vocabulary's own types."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Literal

from hypothesis import strategies as st

from overshoot_testkit.faults import Action, LogNormal, Match, Ramp, Steps, Uniform
from overshoot_testkit.scenarios import FaultSpec, catalogue

SECONDS = st.one_of(st.integers(1, 10**6), st.floats(0.001, 10**6, allow_nan=False))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
ODD = {
    ("answer", "status"): st.integers(200, 599),
    ("rate_limit", "status"): st.integers(200, 599),
    ("close_socket", "code"): st.integers(3000, 4999) | st.sampled_from([1000, 1001, 1008, 1011, 1012]),
    ("close_socket", "reason"): st.text(max_size=30),
    ("slice", "variation"): st.just(0),
    ("latency", "jitter"): st.just(0),
    ("rolling_deploy", "instances"): st.integers(2, 9),
}
"""Where not every value of the type is one of the field."""


def values(hint: object) -> st.SearchStrategy[object]:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return st.one_of(*map(values, arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is Mapping:
        return st.dictionaries(st.text(max_size=5), JSON if arguments[1] is not str else st.text(max_size=5))
    if origin is tuple:
        return st.lists(steps(), min_size=1, max_size=4).map(tuple)
    if origin is list:
        return st.lists(JSON, max_size=3)
    return {
        float: SECONDS,
        int: st.integers(1, 10**6),
        str: st.text(max_size=8),
        bytes: st.binary(max_size=8),
        bool: st.booleans(),
        type(None): st.none(),
        Uniform: st.tuples(SECONDS, SECONDS).map(lambda both: Uniform(min(both), max(both))),
        LogNormal: st.builds(LogNormal, SECONDS, SECONDS),
        Ramp: st.builds(Ramp, st.sampled_from([0, 0.25, 1]), st.sampled_from([0, 0.5, 1]), SECONDS),
    }[hint]


def actions(name: str) -> st.SearchStrategy[Action]:
    doc = catalogue()[name]
    fields = {
        each.name: ODD[name, each.name] if (name, each.name) in ODD else values(each.hint)
        for each in doc.fields
    }
    needed = {field: fields.pop(field) for field in [each.name for each in doc.fields if each.required]}
    return st.fixed_dictionaries(needed, optional=fields).map(lambda said: doc.action(**said))


def steps() -> st.SearchStrategy[Action]:
    kinds = [name for name, doc in catalogue().items() if doc.kind in {"request", "state"}]
    return st.sampled_from([name for name in kinds if catalogue()[name].action is not Steps]).flatmap(actions)


def matches() -> st.SearchStrategy[Match]:
    said = {
        "route": st.sampled_from(["create", "keepalive"]),
        "method": st.sampled_from(["GET", "POST"]),
        "stream": st.text(max_size=4),
        "key": st.just("key 1"),
        "skip": st.integers(0, 5),
        "times": st.integers(1, 5),
        "since": st.integers(0, 50),
        "until": st.integers(51, 99),
        "lasts": SECONDS,
        "chance": st.sampled_from([0.5, 1, Ramp(0, 1, 60)]),
    }
    return st.fixed_dictionaries({}, optional=said).map(lambda conditions: Match(**conditions))


@st.composite
def specs(draw, name: str) -> FaultSpec:
    action = draw(actions(name))
    called = draw(st.none() | st.text(min_size=1, max_size=5))
    when = draw(st.sampled_from(["on", "at", "in", "now"]))
    if when == "on" or action.kind in {"request", "connection"}:
        return FaultSpec(action, draw(matches()), name=called, on_occasions=True)
    stream = Match(stream=draw(st.none() | st.just("s1")))
    return FaultSpec(
        action,
        stream,
        at=draw(SECONDS) if when == "at" else None,
        after=draw(SECONDS) if when == "in" else None,
        name=called,
    )
