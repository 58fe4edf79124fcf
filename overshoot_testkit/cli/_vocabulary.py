"""What `faults` prints: the vocabulary as a table, one of its words in full, as JSON, or its schema."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from rich import box
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from overshoot_testkit.cli._guard import UserError
from overshoot_testkit.cli._spellings import example_of, spellings
from overshoot_testkit.documents import near
from overshoot_testkit.reports import make_console
from overshoot_testkit.scenarios import catalogue, triggers, vocabulary

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from overshoot_testkit.scenarios import ActionDoc, FieldDoc

_KINDS = {
    "request": "What happens to a request",
    "socket": "What happens to a WebSocket",
    "connection": "What happens to a connection, whatever its bytes mean",
    "state": "What happens to the server",
}


def show(name: str | None, *, as_json: bool, schema: bool) -> int:
    """Print it. Raise `UserError` for a fault that does not exist, or for options that contradict."""
    if schema and (as_json or name is not None):
        raise UserError("--schema is the schema of all faults: leave out NAME and --json")
    console = make_console()
    chosen = list(catalogue().values()) if name is None else [_find(name)]
    if schema:
        _print_json(console, vocabulary())
    elif as_json:
        _print_json(console, [describe(doc) for doc in chosen])
    elif name is None:
        _list(console, chosen)
    else:
        _explain(console, chosen[0])
    return 0


def _find(name: str) -> ActionDoc:
    known = {doc.action.__name__: doc for doc in catalogue().values()}
    doc = catalogue().get(name.replace("-", "_")) or known.get(name)
    if doc is None:
        raise UserError(f"there is no fault {name!r}; {near(name, catalogue())}")
    return doc


def describe(doc: ActionDoc) -> dict[str, Any]:
    """An action as JSON."""
    return {
        "action": doc.name,
        "kind": doc.kind,
        "description": doc.text,
        "fields": [_described(each) for each in doc.fields],
        "example": example_of(doc),
    }


def _described(each: FieldDoc) -> dict[str, Any]:
    told = {"name": each.name, "type": each.kind, "description": each.text, "required": each.required}
    return told if each.required else {**told, "default": each.default}


def _print_json(console: Console, value: Any) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=True, default=repr)
    console.print(Text(text), soft_wrap=True, highlight=False)


def _list(console: Console, docs: Iterable[ActionDoc]) -> None:
    width = max(len(name) for name in catalogue())
    for kind, group in itertools.groupby(docs, key=lambda doc: doc.kind):
        _group(console, _KINDS[kind], [(doc.name, doc.text.partition("\n")[0]) for doc in group], width)
    _group(console, "When it happens", [(each.name, each.text) for each in triggers()], width)
    advice = "One of them with its fields and examples: overshoot-testkit faults NAME"
    console.print(Text(advice, style="dim"), soft_wrap=True)


def _group(console: Console, title: str, rows: Iterable[tuple[str, str]], width: int) -> None:
    console.print(Text(title, style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True, min_width=width, style="cyan")
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(name, Text(text))
    console.print(Padding(table, (0, 0, 1, 2)))


def _explain(console: Console, doc: ActionDoc) -> None:
    console.print(Text.assemble((doc.name, "bold"), f"  ({doc.kind})"))
    for paragraph in doc.text.split("\n\n"):
        console.print(Padding(Text(paragraph), (0, 0, 0, 2)))
    console.print(_fields(doc) if doc.fields else "")
    for title, text in spellings(doc).items():
        console.print(Text(title, style="bold"))
        console.print(Text("\n".join(f"  {line}" for line in text.splitlines())), soft_wrap=True)
        console.print()


def _fields(doc: ActionDoc) -> Padding:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("field", "type", "default", "what it means"):
        table.add_column(heading, overflow="fold")
    for each in doc.fields:
        usual = "needed" if each.required else _shown(each.default)
        table.add_row(Text(each.name, style="cyan"), Text(each.kind), Text(usual), Text(each.text))
    return Padding(table, (0, 0, 1, 2))


def _shown(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, default=repr)
