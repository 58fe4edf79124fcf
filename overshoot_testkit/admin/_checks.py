"""Reading what a request brings, and saying what is wrong with it in words that help."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from overshoot_testkit.admin._operation import AdminError
from overshoot_testkit.fakes.base import NotJsonError, parse_json

if TYPE_CHECKING:
    from aiohttp import web

    from overshoot_testkit.admin._operation import Operation


async def read_body(request: web.Request, operation: Operation) -> Any:
    """The body as the operation wants it. Raises AdminError 400 or 422; aiohttp's 413."""
    kind = operation.body
    if kind is None:
        return None
    raw = await request.read()
    if not issubclass(kind, BaseModel):
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise AdminError(400, "not_text", f"the body is not UTF-8: byte {error.start}") from None
    if not raw.strip():
        return validated(kind, {})
    try:
        value = parse_json(raw)
    except NotJsonError as error:
        raise AdminError(400, "not_json", str(error)) from None
    return validated(kind, value)


def read_query(request: web.Request, operation: Operation) -> Any:
    """The query as the operation wants it. Raises AdminError 422. Of a name that comes twice, both count."""
    if operation.query is None:
        return None
    values = {name: ",".join(request.query.getall(name)) for name in request.query}
    return validated(operation.query, values)


def validated(model: type[BaseModel], value: object) -> BaseModel:
    """An instance of the model. Raises AdminError 422 that names each field that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [_problem(model, each) for each in error.errors(include_url=False)]
        text = "; ".join(f"{each['field']}: {each['problem']}" for each in problems)
        raise AdminError(422, "invalid", text, problems) from None


def _problem(model: type[BaseModel], error: Any) -> dict[str, str]:
    field = ".".join(str(part) for part in error["loc"]) or "body"
    problem = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        names = [each.alias or name for name, each in model.model_fields.items()]
        known = f"known are {', '.join(names)}" if names else "none is known"
        problem = f"is not known here; {known}"
    elif error["type"] == "missing":
        problem = "is needed"
    return {"field": field, "problem": problem}
