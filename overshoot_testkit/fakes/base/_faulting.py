"""Faults that happen to a request: carried out on the connection that it came by."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

from aiohttp import web

from overshoot_testkit.fakes.base import _transport
from overshoot_testkit.fakes.base._call import Call, Reply
from overshoot_testkit.faults import Answer, Delay, Drop, Hang, Reset, Truncate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from overshoot_testkit.fakes.base._service import Service
    from overshoot_testkit.faults import Action


async def before(service: Service, call: Call, due: Iterable[Action]) -> tuple[Reply | None, list[Action]]:
    """Carry out what happens before processing.

    Returns an answer that takes the handler's place, if any, and the actions left for afterwards.
    """
    later: list[Action] = []
    for action in due:
        match action:
            case Answer():
                return _answer(service, call, action), later
            case Truncate() | Delay(when="after") | Hang(when="after") | Drop(when="after"):
                later.append(action)
            case Reset(when="after"):
                later.append(action)
            case Delay(seconds=int() | float() as seconds):
                await service.clock.sleep(seconds)
            case Hang() | Drop() | Reset():
                await _end(service, call, action)
            case _:
                service.vendor.carry_out(action, call.stream_id, call.principal)
    return None, later


async def after(service: Service, call: Call, reply: Reply, due: Iterable[Action]) -> None:
    """Carry out what happens to the answer of a request that was processed.

    A handshake has no body to cut short: truncating it drops it.
    """
    call.stream_id = reply.stream_id or call.stream_id
    for action in due:
        match action:
            case Delay(seconds=int() | float() as seconds):
                await service.clock.sleep(seconds)
            case Truncate(body_bytes=count) if reply.status != 101:
                await _truncate(service, call, reply, count)
            case _:
                await _end(service, call, action)


def _answer(service: Service, call: Call, action: Answer) -> Reply:
    body = action.body
    if body is None and action.status >= 400:
        body = service.vendor.error(action.status, call.request_id)
    recorded = service.journal.secrets.value(body)
    return Reply(action.status, body, recorded, headers=action.headers or None)


async def _end(service: Service, call: Call, action: Action) -> NoReturn:
    transport = call.request.transport
    if isinstance(action, Drop | Truncate):
        service.end(call, None, "dropped")
        _transport.finish(transport)
    elif isinstance(action, Reset):
        service.end(call, None, "reset")
        _transport.reset(transport)
    await held()


async def _truncate(service: Service, call: Call, reply: Reply, count: int) -> NoReturn:
    response = service.response(reply)
    body = response.body if isinstance(response.body, bytes) else b""
    part = web.StreamResponse(status=response.status, headers=response.headers)
    part.headers["Content-Length"] = str(len(body))
    service.end(call, reply, "truncated")
    await part.prepare(call.request)
    await part.write(body[:count])
    _transport.finish(call.request.transport)
    await held()


async def held() -> NoReturn:
    """Wait for the connection to end, which cancels the task that serves it."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("a future that nobody has cannot have a result")
