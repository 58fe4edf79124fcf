"""Files that people write: what they say, and where a mistake is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from overshoot_testkit.documents import DocumentError, field_name, parse, read

YAML = """\
title: "a deploy"   # words
faults:
  - action: deploy
    seconds: 5
  - {action: answer, on: {route: keepalive},
     status: 503}
"""
TOML = """\
title = "a # deploy"
"quoted key".part = 1

[[faults]]
action = "deploy"
seconds = 5

[[faults]] # the second
action = "answer"
status = 503
text = '''
two # lines'''

[faults.on]
route = "keepalive"
list = [
  1, # one
  { a = 2 },
]
"""
JSON = """\
{"title": "a \\"deploy\\"",
 "faults": [
   {"action": "deploy",
\t"seconds": 5},
   {"action": "answer", "on": {"route": "keepalive"},
    "status": 503}]}
"""


class Deploy(BaseModel):
    model_config = ConfigDict(extra="forbid")
    action: Literal["deploy"]
    seconds: float


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    action: Literal["answer"]
    status: int
    body: dict[str, Any] | list[Any] | str | None = None
    on: dict[str, Any] = {}


class Plan(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    faults: list[Annotated[Deploy | Answer, Field(discriminator="action")]] = []


@dataclass
class Settings:
    lease_ttl: int = 45

    def __post_init__(self) -> None:
        if self.lease_ttl <= 0:
            raise ValueError(f"Settings.lease_ttl: {self.lease_ttl} must be greater than 0")


def told(text, kind="yaml", model=None):
    with pytest.raises(DocumentError) as caught:
        parse(text, kind, f"file.{kind}").validate(model)
    return str(caught.value).splitlines()


# --- reading


def test_the_same_in_three_spellings():
    faults = [
        {"action": "deploy", "seconds": 5},
        {"action": "answer", "on": {"route": "keepalive"}, "status": 503},
    ]

    assert {"title": "a deploy", "faults": faults} == parse(YAML, "yaml", "a").data
    assert {"title": 'a "deploy"', "faults": faults} == parse(JSON, "json", "a").data
    assert faults[0] == parse(TOML, "toml", "a").data["faults"][0]


@pytest.mark.parametrize(
    ("text", "kind", "lines"),
    [
        (YAML, "yaml", {("title",): 1, ("faults", 0): 3, ("faults", 1, "on", "route"): 5,
                        ("faults", 1, "status"): 6, ("faults", 1, "no such"): 5}),
        (JSON, "json", {("title",): 1, ("faults", 0): 3, ("faults", 0, "seconds"): 4,
                        ("faults", 1, "on", "route"): 5, ("faults", 1, "status"): 6}),
        (TOML, "toml", {("quoted key", "part"): 2, ("faults",): 4, ("faults", 0, "seconds"): 6,
                        ("faults", 1): 8, ("faults", 1, "text"): 11, ("faults", 1, "on", "route"): 15,
                        ("faults", 1, "on", "list", 0): 17, ("faults", 1, "on", "list", 1, "a"): 18}),
    ],
)  # fmt: skip
def test_every_value_has_its_line(text, kind, lines):
    document = parse(text, kind, "file")

    assert lines == {path: document.line(path) for path in lines}


def test_words_of_yaml_are_words():
    assert {"on": "no", "at": "1:30", "day": "2026-01-01", "n": [1, -2.5, 1e3, 0x10, True, None]} == parse(
        "on: no\nat: 1:30\nday: 2026-01-01\nn: [1, -2.5, 1e3, 0x10, true, ~]", "yaml", "a"
    ).data


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN, st.sampled_from([None, 1, "\t"]))
def test_any_json_comes_back_and_every_value_has_a_line(value, indent):
    document = parse(json.dumps(value, indent=indent), "json", "a")

    assert value == document.data
    assert paths(value) == set(document.lines)


def paths(value, path=()):
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {found for name, each in inner for found in {(*path, name), *paths(each, (*path, name))}}


# --- what cannot be read


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("a: 1\nb: 2\na: 3", "yaml", "file.yaml:3: a: is there twice, first in line 1; keep one"),
        ('{"b": {"a": 1,\n"a": 2}}', "json", "file.json:2: b.a: is there twice, first in line 1; keep one"),
        ("a = 1\na = 2", "toml", "file.toml:2: not TOML: Cannot overwrite a value"),
        ("a: [1", "yaml", "file.yaml:1: not YAML: expected ',' or ']'"),
        ('{\n"a": }', "json", "file.json:2: not JSON: Expecting value"),
        ("x = 1\na =", "toml", "file.toml:2: not TOML: Invalid value"),
        ("a: &x [1]\nb: *x", "yaml", "file.yaml:2: b: anchors and aliases are not read; write it out"),
        ("a: &x [*x]", "yaml", "anchors and aliases are not read"),
        ("a:\n  !!python/name:os.system x", "yaml", "file.yaml:2: a: the tag tag:yaml.org,2002:python/name"),
        ("a: !!set {x}", "yaml", "file.yaml:1: a: the tag"),
        ("a: !!int x", "yaml", "file.yaml:1: a: 'x' is not a number that can be read"),
        ("1: x", "yaml", "file.yaml:1: 1 as a member's name is not text; put it in quotes"),
        ("a: 1\n---\nb: 2", "yaml", "file.yaml:2: not YAML: but found another document"),
        ("a: .inf", "yaml", "file.yaml:1: a: inf is not a finite number; leave it out for no limit"),
        ('{"a": NaN}', "json", "file.json:1: a: nan is not a finite number"),
        ("a = 1979-05-27", "toml", "file.toml:1: a: a date is not read; put it in quotes"),
        ("[" * 5000, "yaml", "nested too deep"),
        ("[" * 700 + "]" * 700, "json", "file.json:1: not JSON: nested too deep"),
        ("[" * 100_000, "json", "file.json:1: not JSON: "),
        ("a: \x00", "yaml", "file.yaml:1: not YAML: "),
        ("9" * 5000, "json", "file.json:1: not JSON: Exceeds the limit"),
    ],
)
def test_a_mistake_is_told_with_its_line(text, kind, said):
    assert said in told(text, kind)[0]


def test_a_hundred_laughs_are_not_laughed():
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 100))]

    assert len(told("\n".join(lines))) == 198


def test_a_file_that_is_not_there_not_text_or_of_no_known_kind(tmp_path):
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    for name, said in (
        ("none.yaml", "none.yaml: No such file"),
        ("binary.yaml", "binary.yaml: not UTF-8"),
        ("plan.txt", "plan.txt: what it is must show in its name: .json, .toml, .yaml, .yml"),
    ):
        with pytest.raises(DocumentError) as caught:
            read(tmp_path / name)
        assert said in str(caught.value)


def test_a_file_is_read_by_its_name(tmp_path):
    for name, text in (
        ("a.yaml", "a: 1"),
        ("a.YML", "a: 1"),
        ("a.toml", "a = 1"),
        ("a.json", '\ufeff{"a": 1}'),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")

        assert {"a": 1} == read(tmp_path / name).data


# --- what does not fit the model


def test_every_problem_is_told_where_it_is():
    assert [
        "file.yaml:3: faults[0].status: is missing",
        (
            "file.yaml:4: faults[0].statos: nothing has this name; did you mean 'status'? "
            "There are: action, status, body, on"
        ),
        "file.yaml:5: faults[0].body: must be a mapping, a list or text, not 5",
        (
            "file.yaml:6: faults[1].action: nothing is called 'deplyo'; did you mean 'deploy'? "
            "There are: deploy, answer"
        ),
        "file.yaml:7: faults[2].action: is missing",
        "file.yaml:8: title: must be text, not [1]",
        "file.yaml:9: fault: nothing has this name; did you mean 'faults'? There are: title, faults",
    ] == told(
        """\
        # a comment
faults:
  - action: answer
    statos: 503
    body: 5
  - {action: deplyo, seconds: 1}
  - {seconds: 3}
title: [1]
fault: []
""".replace("        #", "#"),
        model=Plan,
    )


def test_what_a_constructor_refuses_is_told_at_the_member_it_names():
    assert ["file.toml:2: lease_ttl: 0 must be greater than 0"] == told(
        "\nlease_ttl = 0", "toml", TypeAdapter(Settings)
    )


def test_what_fits_comes_back_as_the_model():
    document = parse(YAML, "yaml", "a")

    assert Answer(action="answer", status=503, on={"route": "keepalive"}) == document.validate(Plan).faults[1]
    assert document.data == document.validate(TypeAdapter(dict[str, Any]))


def test_a_place_has_a_name():
    document = parse(YAML, "yaml", "plan.yaml")

    assert "faults[1].on.route" == field_name(("faults", 1, "on", "route"))
    assert "plan.yaml:5" == document.where(("faults", 1, "on", "route"))
    assert "plan.yaml:6: faults[1].status: is odd; change it" == str(
        document.error(("faults", 1, "status"), "is odd; change it")
    )
