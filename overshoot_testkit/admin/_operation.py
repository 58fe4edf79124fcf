"""What the admin API is made of: operations, described once, for the router and for its OpenAPI alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import web


class Body(BaseModel):
    """What a request brings: strict, so that a misspelt member is told and not ignored."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class Query(BaseModel):
    """What stands behind the `?`: text that must read as what is meant."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class View(BaseModel):
    """What an answer says."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Body):
    """No members."""


class ErrorView(View):
    """Every answer from 400 on."""

    error: str
    """A code for programs."""
    message: str
    """A sentence for people: what is wrong, and what to do."""
    details: Any = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A request that has been read and found valid."""

    request: web.Request
    parameters: Mapping[str, str]
    """From the path."""
    body: Any
    """An instance of the operation's `body`, its raw text where that is `str`, or None."""
    query: Any
    """An instance of the operation's `query`, or None."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked of the admin API.

    handler: returns a `View` (or what JSON can say), or a response of aiohttp's; may be a coroutine function.
    body: a `Body` model, `str` for the text as it is, or None for none. errors: statuses beside those that
    any operation has.
    """

    name: str
    method: str
    path: str
    summary: str
    handler: Callable[[Ask], Any]
    answer: type[BaseModel] | str | None = None
    """The model of the answer, or its media type where it is no JSON."""
    status: int = 200
    body: type[BaseModel | str] | None = None
    query: type[Query] | None = None
    errors: tuple[int, ...] = ()


@dataclass(eq=False)
class AdminError(Exception):
    """Raised by a handler to answer with an error."""

    status: int
    code: str
    message: str
    details: Any = field(default=None)


def not_found(what: str, name: object, known: object = None) -> AdminError:
    """There is no `what` of that name."""
    return AdminError(404, "not_found", f"there is no {what} {name!r}", known)
