"""Faults that happen to a request: carried out on the connection that it came by."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NoReturn

from aiohttp import HttpVersion11, web

from overshoot_testkit.fakes.base import _transport
from overshoot_testkit.fakes.base._call import Call, Reply
from overshoot_testkit.faults import (
    Answer,
    CloseOrder,
    Delay,
    Dribble,
    Drop,
    Hang,
    Malform,
    Reset,
    Truncate,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from overshoot_testkit.fakes.base._service import Service
    from overshoot_testkit.faults import Action

NOISE = bytes(range(0x80, 0x100)) + b"\r\n\r\n"
"""Bytes that begin neither an HTTP answer nor a chunk."""


async def before(service: Service, call: Call, due: Iterable[Action]) -> tuple[Reply | None, list[Action]]:
    """Carry out what happens before processing.

    Returns an answer that takes the handler's place, if any, and the actions left for afterwards.
    """
    later: list[Action] = []
    for action in due:
        match action:
            case Answer():
                return _answer(service, call, action), later
            case Truncate() | Dribble() | Malform() | Delay(when="after") | Hang(when="after"):
                later.append(action)
            case Drop(when="after") | Reset(when="after"):
                later.append(action)
            case CloseOrder():
                call.close_order = action
            case Delay(seconds=int() | float() as seconds):
                await service.clock.sleep(seconds)
            case Hang() | Drop() | Reset():
                await _end(service, call, action)
            case _:
                service.vendor.carry_out(action, call.stream_id, call.principal)
    return None, later


def in_order(service: Service, call: Call, process: Callable[[Call], Reply], later: list[Action]) -> Reply:
    """Process a request; should it end WebSockets, its client hears of it in the order that is forced."""
    order = call.close_order
    if order is None:
        return process(call)
    sockets = [each for each in service.sockets.values() if each.is_open and not each.close_waits]
    for socket in sockets:
        socket.park_close()
    reply = process(call)
    ended = [socket for socket in sockets if socket.close_waits]
    if ended and order.first == "answer":
        moment = service.clock.now() + sum(_delays(later)) + order.gap
        for socket in ended:
            service.call_at(moment, socket.unpark_close)
    elif ended:
        later.append(Delay(order.gap, when="after"))
    for socket in sockets:
        if order.first == "socket" or socket not in ended:
            socket.unpark_close()
    return reply


def _delays(actions: Iterable[Action]) -> list[float]:
    return [action.seconds for action in actions if isinstance(action, Delay | Dribble)]  # type: ignore[misc]


async def after(
    service: Service, call: Call, reply: Reply, due: Iterable[Action]
) -> web.StreamResponse | None:
    """Carry out what happens to the answer of a request that was processed; returns it if it was sent.

    An answer without a body, as that of a handshake, has none to spoil: cut short it is lost, malformed it
    is noise, and slow it is as ever.
    """
    call.stream_id = reply.stream_id or call.stream_id
    for action in due:
        match action:
            case Delay(seconds=int() | float() as seconds):
                await service.clock.sleep(seconds)
            case Malform(part="response"):
                await _make_noise(service, call)
            case Truncate() | Dribble() | Malform():
                return await _spoil(service, call, reply, action)
            case _:
                await _end(service, call, action)
    return None


async def _spoil(
    service: Service, call: Call, reply: Reply, action: Truncate | Dribble | Malform
) -> web.StreamResponse | None:
    if reply.status in {101, 204, 304} or call.method == "HEAD":
        await _spoil_bodiless(service, call, action)
        return None
    plain = isinstance(action, Malform)  # what breaks off is the JSON, not its compression
    response = service.response(call, reply, plain=plain)
    body = response.body if isinstance(response.body, bytes) else b""
    if not body:
        await _spoil_bodiless(service, call, action)
        return None
    match action:
        case Truncate(body_bytes=count):
            await _truncate(service, call, reply, (response, body, count))
        case Dribble():
            return await _dribble(service, call, reply, (response, body, action))
        case Malform(part="chunk"):
            await _break_chunks(service, call, reply, (response, body))
    service.end(call, reply, "truncated")
    response.body = body[: max(1, len(body) // 2)]
    return response


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


async def _spoil_bodiless(service: Service, call: Call, action: Action) -> None:
    if isinstance(action, Malform):
        await _make_noise(service, call)
    if isinstance(action, Truncate):
        await _end(service, call, action)


async def _truncate(
    service: Service, call: Call, reply: Reply, what: tuple[web.Response, bytes, int]
) -> NoReturn:
    response, body, count = what
    part = web.StreamResponse(status=response.status, headers=response.headers)
    part.headers["Content-Length"] = str(len(body))
    service.end(call, reply, "truncated")
    await part.prepare(call.request)
    await part.write(body[:count])
    _transport.finish(call.request.transport)
    await held()


async def _dribble(
    service: Service, call: Call, reply: Reply, what: tuple[web.Response, bytes, Dribble]
) -> web.StreamResponse:
    response, body, action = what
    part = web.StreamResponse(status=response.status, headers=response.headers)
    part.headers["Content-Length"] = str(len(body))
    await part.prepare(call.request)
    begun = service.clock.now()
    bounds = [len(body) * piece // action.pieces for piece in range(action.pieces + 1)]
    for piece in range(action.pieces):
        await service.clock.sleep_until(begun + action.seconds * (piece + 1) / action.pieces)
        if data := body[bounds[piece] : bounds[piece + 1]]:
            await part.write(data)
            service.traffic.activity += 1
    service.end(call, reply, "answered")
    await part.write_eof()
    return part


async def _break_chunks(
    service: Service, call: Call, reply: Reply, what: tuple[web.Response, bytes]
) -> NoReturn:
    response, body = what
    if call.request.version < HttpVersion11:  # which knows no chunks
        await _make_noise(service, call)
    part = web.StreamResponse(status=response.status, headers=response.headers)
    part.headers.pop("Content-Length", None)
    part.enable_chunked_encoding()
    service.end(call, reply, "truncated")
    await part.prepare(call.request)
    await part.write(body[: max(1, len(body) // 2)])
    await asyncio.sleep(0)  # a turn of the loop in which what was right can be heard
    await _make_noise(service, call)


async def _make_noise(service: Service, call: Call) -> NoReturn:
    service.end(call, None, "dropped")
    if call.request.transport is not None:
        call.request.transport.write(NOISE)
    _transport.finish(call.request.transport)
    await held()


async def held() -> NoReturn:
    """Wait for the connection to end, which cancels the task that serves it."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("a future that nobody has cannot have a result")
