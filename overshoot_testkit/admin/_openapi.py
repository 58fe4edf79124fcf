"""The admin API's own description, made from its operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeGuard

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from overshoot_testkit.admin._operation import ErrorView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot_testkit.admin._operation import Operation

_TEMPLATE = "#/components/schemas/{model}"
_PATTERN = re.compile(r":[^}]+}")
"""What aiohttp has in a path beside the parameter's name: what it matches."""
ALWAYS = (401, 403)
"""Statuses that any operation can have: no token, a wrong host or origin."""
_SAID = {
    400: "The body cannot be read.",
    401: "The admin token is missing or wrong.",
    403: "The request names another host, or comes from a page of another origin.",
    404: "There is no such thing.",
    409: "Not in this state; the message says what to do.",
    413: "The body is too large.",
    422: "The message names what is not valid, and why.",
}


def document(operations: Iterable[Operation], *, title: str, version: str, prefix: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    operations = list(operations)
    models: dict[tuple[type[BaseModel], str], None] = {(ErrorView, "serialization"): None}
    for each in operations:
        if is_model(each.body):
            models[each.body, "validation"] = None
        if is_model(each.answer):
            models[each.answer, "serialization"] = None
    references, schemas = models_json_schema(list(models), ref_template=_TEMPLATE)  # type: ignore[arg-type]
    paths: dict[str, dict[str, Any]] = {}
    for each in operations:
        paths.setdefault(_PATTERN.sub("}", each.path), {})[each.method.lower()] = _operation(each, references)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "servers": [{"url": prefix}],
        "paths": paths,
        "components": {
            "schemas": schemas.get("$defs", {}),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"bearer": []}],
    }


def statuses(operation: Operation) -> list[int]:
    """All that the operation can answer."""
    reads = {400, 413} if operation.body is not None else set()
    validates = {422} if operation.body is not None or operation.query is not None else set()
    return sorted({operation.status, *ALWAYS, *reads, *validates, *operation.errors})


def _operation(operation: Operation, references: Any) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_in_path(operation), *_in_query(operation)],
        "responses": {
            str(status): _response(operation, status, references) for status in statuses(operation)
        },
    }
    if is_model(operation.body):
        schema = references[operation.body, "validation"]
        needed = any(each.is_required() for each in operation.body.model_fields.values())
        described["requestBody"] = {"content": {"application/json": {"schema": schema}}, "required": needed}
    elif operation.body is str:
        text = {"schema": {"type": "string"}}
        kinds = ("application/yaml", "application/toml", "application/json", "text/plain")
        described["requestBody"] = {"content": dict.fromkeys(kinds, text), "required": True}
    return described


def _response(operation: Operation, status: int, references: Any) -> dict[str, Any]:
    if status != operation.status:
        schema = references[ErrorView, "serialization"]
        return {"description": _SAID[status], "content": {"application/json": {"schema": schema}}}
    answer: dict[str, Any] = {"description": operation.summary}
    if is_model(operation.answer):
        schema = references[operation.answer, "serialization"]
        answer["content"] = {"application/json": {"schema": schema}}
    elif isinstance(operation.answer, str):
        answer["content"] = {operation.answer: {}}
    return answer


def _in_path(operation: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", _PATTERN.sub("}", operation.path))
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _in_query(operation: Operation) -> list[dict[str, Any]]:
    if operation.query is None:
        return []
    properties = operation.query.model_json_schema()["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]


def is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
