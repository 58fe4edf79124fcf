"""One fault in its four spellings: Python, scenario file, admin API, command line."""

from __future__ import annotations

import json
import typing
from typing import TYPE_CHECKING, Any, Literal

from overshoot_testkit.scenarios import describe_action, fault_from

if TYPE_CHECKING:
    from overshoot_testkit.scenarios import ActionDoc, FieldDoc

_VALUES: dict[str, Any] = {
    "actions": [{"action": "answer", "status": 503}, {"action": "pass"}],
    "bytes_per_second": 1000,
    "cents": 100,
    "code": 1012,
    "data_bytes": 100,
    "model": "Qwen/Qwen3.5-9B",
    "reason": "lease_expired",
    "requests": 10,
    "seconds": 5,
    "settings": {"lease_ttl": 30},
    "size": 10,
    "status": 503,
}
"""Of fields that have to be given."""
_ODD_VALUES: dict[tuple[str, str], Any] = {("set_model", "status"): "unavailable"}


def example_of(doc: ActionDoc) -> dict[str, Any]:
    """A fault with this action, in JSON."""
    form: dict[str, Any] = {"action": doc.name}
    form |= {each.name: _value(doc, each) for each in doc.fields if each.required}
    if doc.kind == "request":
        form["on"] = {"route": "keepalive", "times": 2}
    elif doc.kind == "connection":
        form["on"] = {"since": 30, "until": 60}
    else:
        form["at"] = 30
    return form


def _value(doc: ActionDoc, each: FieldDoc) -> Any:
    if (doc.name, each.name) in _ODD_VALUES:
        return _ODD_VALUES[doc.name, each.name]
    if typing.get_origin(each.hint) is Literal:
        return typing.get_args(each.hint)[0]
    return _VALUES.get(each.name, "text" if each.hint is str else 1)


def spellings(doc: ActionDoc) -> dict[str, str]:
    """The example in each of them, by their titles."""
    form = example_of(doc)
    return {
        "Python": _python(form),
        "Scenario file": _yaml(form),
        "Admin API": f"curl --json {_quoted(json.dumps(form))} $ADMIN_URL/faults",
        "Command line": f"overshoot-testkit serve --fault {_quoted(_words(form))}",
    }


def _python(form: dict[str, Any]) -> str:
    spec = fault_from(form)
    if spec.at is not None:
        return f"overshoot_faults.at({spec.at:g}, {spec.action})"
    conditions = "".join(f", {name}={value!r}" for name, value in form["on"].items())
    return f"overshoot_faults.on({spec.action}{conditions})"


def _yaml(form: dict[str, Any]) -> str:
    lines = [f"{name}: {_flow(value)}" for name, value in form.items()]
    return "\n".join(["faults:", f"  - {lines[0]}", *(f"    {line}" for line in lines[1:])])


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_flow(each)}' for name, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return value if isinstance(value, str) else json.dumps(value)


def _words(form: dict[str, Any]) -> str:
    action = describe_action(fault_from(form).action)
    words = [f"{name}={_flow(value)}" for name, value in form.items() if name not in {"action", "on"}]
    conditions = form.get("on", {})
    words += [f"{'on.' if name in action else ''}{name}={value}" for name, value in conditions.items()]
    return " ".join([form["action"], *words])


def _quoted(words: str) -> str:
    return f"'{words}'" if "'" not in words else json.dumps(words)
