"""A journal as an HTTP Archive (HAR 1.2), with WebSocket messages as browsers' developer tools write them."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from overshoot_testkit.journal import Request, SocketMessage, SocketOpened

if TYPE_CHECKING:
    from overshoot_testkit.journal import Exchange, Recording

_UNKNOWN = -1
"""What HAR has for sizes that are not known."""


def har(recording: Recording, *, base_url: str, origin: float) -> dict[str, Any]:
    """The document. Times are those of the clock, put on the calendar by `origin`: unix seconds at its 0.

    The journal has no secrets, no headers but the content type, and bodies as JSON: so has the archive.
    """
    messages = _messages(recording)
    parts = urlsplit(base_url)
    site = f"{parts.scheme}://{parts.netloc}"
    entries = [_entry(each, site, origin, messages) for each in recording.exchanges()]
    creator = {"name": "overshoot-testkit", "version": "0"}
    return {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}}


def _messages(recording: Recording) -> dict[str | None, deque[list[SocketMessage]]]:
    """Of each socket the messages; by stream, the sockets in the order they opened."""
    by_socket: dict[int, list[SocketMessage]] = {}
    by_stream: dict[str | None, deque[list[SocketMessage]]] = {}
    for event in recording:
        if isinstance(event, SocketOpened):
            by_socket[event.socket] = []
            by_stream.setdefault(event.stream_id, deque()).append(by_socket[event.socket])
        elif isinstance(event, SocketMessage) and event.socket in by_socket:
            by_socket[event.socket].append(event)
    return by_stream


def _entry(
    exchange: Exchange,
    site: str,
    origin: float,
    messages: dict[str | None, deque[list[SocketMessage]]],
) -> dict[str, Any]:
    request, response = exchange
    # Of a request that is still held, the time until now is not known either.
    wait = round((response.at - request.at) * 1000, 3) if response is not None else 0
    status = response.status if response is not None and response.status is not None else 0
    entry: dict[str, Any] = {
        "startedDateTime": _moment(origin + request.at),
        "time": wait,
        "request": _request(request, site),
        "response": _response(status, response.body if response is not None else None),
        "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": 0},
        "_requestId": request.request_id,
        "_outcome": response.outcome if response is not None else "open",
    }
    if status == HTTPStatus.SWITCHING_PROTOCOLS:
        sockets = messages.get(request.stream_id)
        entry["_resourceType"] = "websocket"
        entry["_webSocketMessages"] = [
            _message(each, origin) for each in (sockets.popleft() if sockets else ())
        ]
    return entry


def _request(request: Request, site: str) -> dict[str, Any]:
    url = site + request.path if request.path.startswith("/") else site
    described: dict[str, Any] = {
        "method": request.method,
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(request.content_type),
        "queryString": [{"name": name, "value": value} for name, value in parse_qsl(urlsplit(url).query)],
        "headersSize": _UNKNOWN,
        "bodySize": 0 if request.body is None else _UNKNOWN,
    }
    if request.body is not None:
        kind = request.content_type or "application/json"
        described["postData"] = {"mimeType": kind, "params": [], "text": _text(request.body)}
    return described


def _response(status: int, body: Any) -> dict[str, Any]:
    content: dict[str, Any] = {"size": 0, "mimeType": "x-unknown"}
    if body is not None:
        text = _text(body)
        kind = "text/html" if isinstance(body, str) else "application/json"
        content = {"size": len(text.encode()), "mimeType": kind, "text": text}
    return {
        "status": status,
        "statusText": _phrase(status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _headers(content["mimeType"] if body is not None else None),
        "content": content,
        "redirectURL": "",
        "headersSize": _UNKNOWN,
        "bodySize": _UNKNOWN,
    }


def _message(event: SocketMessage, origin: float) -> dict[str, Any]:
    binary = isinstance(event.data, dict) and event.data.keys() == {"binary"}
    return {
        "type": "send" if event.direction == "in" else "receive",
        "time": round(origin + event.at, 6),
        "opcode": 2 if binary else 1,
        "data": _text(event.data),
    }


def _headers(content_type: str | None) -> list[dict[str, str]]:
    return [] if content_type is None else [{"name": "Content-Type", "value": content_type}]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _moment(unix: float) -> str:
    return datetime.fromtimestamp(unix, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
