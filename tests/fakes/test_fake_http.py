"""HTTP itself: what any client may rely on, whatever it asks for."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import httpx
import jwt
import pytest
import yarl
from fake_stories import FRAME, WEBRTC, loopback_story, story, validate

from overshoot_testkit.fakes.base import Reply, Route
from overshoot_testkit.faults import Answer, Truncate
from overshoot_testkit.journal import Request, Response

JSON = {"Content-Type": "application/json"}
LONG = {"rating": 1, "category": "c", "feedback": "many words " * 100}
ERROR = {"$ref": "#/components/schemas/ErrorResponse"}


def key_of(wire):
    return {"Authorization": f"Bearer {wire.key}"}


async def ask(wire, method, path, **headers):
    """Status, headers and body, as they came."""
    url = yarl.URL(wire.fake.base_url.removesuffix("/v0.2") + path, encoded=True)
    headers = {**key_of(wire), **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with wire.session.request(method, url, headers=headers, allow_redirects=False) as answer:
        return answer.status, answer.headers, await answer.read()


async def send(wire, *parts: bytes) -> tuple[bytes, bytes]:
    """Head and body of what comes back for these bytes, once the server has ended the connection."""
    url = yarl.URL(wire.fake.base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    return head, body


async def long_answer(wire):
    """A path whose answer is longer than what is sent as it is."""
    stream = await wire.create()
    await wire.call("POST", f"/streams/{stream}/feedback", json=LONG)
    return "/v0.2/streams/feedback"


# --- what every answer carries ------------------------------------------------------------------------


@story()
async def test_every_answer_has_the_request_id_that_the_journal_has(wire):
    wire.faults.on(Answer(503), route="models", times=1)
    for method, path in (
        ("GET", "/v0.2/healthz"),
        ("GET", "/v0.2/models"),
        ("POST", "/v0.2/streams"),
        ("GET", "/nowhere"),
        ("PUT", "/v0.2/models"),
        ("OPTIONS", "/v0.2/models"),
        ("HEAD", "/v0.2/models"),
    ):
        _, headers, body = await ask(wire, method, path, X_Request_Id="a client's own")
        told = wire.journal.last(Response).request_id

        assert told == headers["X-Request-Id"] == wire.journal.last(Request).request_id
        if body and "error" in json.loads(body):
            assert told == json.loads(body)["request_id"]


@story()
async def test_a_socket_s_handshake_has_one_too(wire):
    socket = await wire.open_socket(await wire.create())

    headers = socket._response.headers
    assert wire.journal.last(Request, route="socket").request_id == headers["X-Request-Id"]
    assert "Thu, 01 Jan 2026 00:00:00 GMT" == headers["Date"]


@story()
async def test_the_date_is_the_fakes_own(wire):
    await wire.clock.sleep(59.9)
    assert "Thu, 01 Jan 2026 00:00:59 GMT" == (await ask(wire, "GET", "/v0.2/healthz"))[1]["Date"]
    await wire.clock.sleep(0.2)
    assert "Thu, 01 Jan 2026 00:01:00 GMT" == (await ask(wire, "GET", "/v0.2/healthz"))[1]["Date"]


@loopback_story()
async def test_a_skewed_clock_shows_in_dates_and_tokens_and_not_in_durations(wire):
    stream = await wire.create()
    wire.fake._service.skew = 3600.0
    _, answer = await wire.keepalive(stream)
    claims = jwt.decode(answer["livekit_token"], options={"verify_signature": False})
    _, prompt = await wire.call("PATCH", f"/streams/{stream}/config/prompt", json={"prompt": "p"})

    assert "Thu, 01 Jan 2026 01:00:00 GMT" == (await ask(wire, "GET", "/v0.2/healthz"))[1]["Date"]
    assert wire.clock.unix() + 3600 == claims["nbf"]
    assert ("2026-01-01T00:00:00+00:00", "2026-01-01T01:00:00+00:00") == (
        prompt["created_at"],
        prompt["updated_at"],
    )
    assert 45 == wire.fake.stream(stream).lease_expires_at
    assert wire.fake.check_token(answer["livekit_token"])
    wire.fake._service.skew = -1e12
    assert "Thu, 01 Jan 1970 00:00:00 GMT" == (await ask(wire, "GET", "/v0.2/healthz"))[1]["Date"]


# --- methods and paths ----------------------------------------------------------------------------------


@story()
async def test_head_is_get_without_the_body(wire):
    long = await long_answer(wire)
    stream = wire.fake.streams[0].id
    for path in ("/v0.2/healthz", "/v0.2/models", f"/v0.2/streams/{stream}/info", long, "/nowhere"):
        status, headers, body = await ask(wire, "GET", path, Accept_Encoding="gzip")
        same, heads, nothing = await ask(wire, "HEAD", path, Accept_Encoding="gzip")

        assert (status, b"") == (same, nothing)
        assert headers.keys() == heads.keys()
        unequal = [name.lower() for name in headers if headers[name] != heads[name]]
        assert ["x-request-id"] == unequal
        assert body
    assert ["HEAD"] == [each.request.method for each in wire.journal.exchanges("models")][1:]


@story()
async def test_head_and_options_on_what_has_no_get(wire):
    stream = await wire.create()

    assert 405 == (await ask(wire, "HEAD", "/v0.2/streams"))[0]
    assert 400 == (await ask(wire, "HEAD", f"/v0.2/ws/streams/{stream}"))[0]
    for path, allowed in (
        ("/v0.2/streams", "OPTIONS, POST"),
        ("/v0.2/models", "GET, HEAD, OPTIONS"),
        ("/v0.2/streams/feedback", "DELETE, GET, HEAD, OPTIONS"),
        (f"/v0.2/streams/{stream}/config/prompt", "OPTIONS, PATCH"),
    ):
        status, headers, body = await ask(wire, "OPTIONS", path)
        assert (204, allowed, b"") == (status, headers["Allow"], body)
        status, headers, body = await ask(wire, "PUT", path)
        assert (405, allowed) == (status, headers["Allow"])
        validate(json.loads(body), ERROR)
    assert 404 == (await ask(wire, "OPTIONS", "/nowhere"))[0]


@loopback_story()
async def test_options_of_the_server_as_a_whole(wire):
    head, body = await send(wire, b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 204 ")
    assert b"Allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST" in head
    assert b"" == body


@story()
async def test_a_path_may_be_written_in_other_ways_and_no_more(wire):
    for path, expected in (
        ("/v0.2/m%6fdels", 200),
        ("/%76%30%2E%32/models", 200),
        ("/v0.2/models?", 200),
        ("/v0.2/models?a=b&c", 200),
        ("/v0.2%2Fmodels", 404),
        ("/v0.2/models/", 404),
        ("/v0.2//models", 404),
        ("//v0.2/models", 404),
        ("/V0.2/models", 404),
        ("/models", 404),
        ("/v0.2", 404),
        ("/v0.1/models", 404),
        ("/", 404),
        ("/v0.2/%", 404),
        ("/v0.2/%ff%00", 404),
    ):
        status, _, body = await ask(wire, "GET", path)
        assert expected == status, path
        if expected == 404:
            validate(json.loads(body), ERROR)


@story()
async def test_a_url_without_end_is_refused(wire):
    path = "/v0.2/healthz?" + "x" * 9000
    status, headers, body = await ask(wire, "GET", path)

    assert (414, "uri_too_long") == (status, json.loads(body)["error"])
    assert headers["X-Request-Id"] == wire.journal.last(Response, status=414).request_id
    assert 200 == (await ask(wire, "GET", path[:8000]))[0]


@loopback_story()
async def test_what_is_served_elsewhere_is_sent_there_and_not_written_down(wire):
    wire.fake._service.redirect_prefix = ("/_testkit", "http://127.0.0.1:4567/_testkit")
    before = len(wire.journal)
    for path, there in (
        ("/_testkit", ""),
        ("/_testkit/clock?a=b%20c", "/clock?a=b%20c"),
        ("/_testkit?x", "?x"),
    ):
        status, headers, _ = await ask(wire, "POST", path)
        assert (307, f"http://127.0.0.1:4567/_testkit{there}") == (status, headers["Location"])
    assert before == len(wire.journal)
    assert 404 == (await ask(wire, "GET", "/_testkits"))[0]
    assert 404 == (await ask(wire, "GET", "/v0.2/_testkit"))[0]


# --- what is no HTTP ------------------------------------------------------------------------------------

LINE = b"GET /v0.2/healthz HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /v0.2/streams HTTP/1.1\r\nHost: x\r\n"
NOT_HTTP = {
    "TLS": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "an unknown method": (400, b"BREW /v0.2/models HTTP/1.1\r\nHost: x\r\n\r\n"),
    "an unknown version": (400, b"GET /v0.2/healthz HTTP/9.9\r\n\r\n"),
    "HTTP/2": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "no host": (400, b"GET /v0.2/healthz HTTP/1.1\r\n\r\n"),
    "a length below zero": (400, POST + b"Content-Length: -5\r\n\r\n"),
    "two lengths": (400, POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
    "a length and chunks": (400, POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "no chunk": (400, POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n"),
    "a header without a colon": (400, LINE + b"no colon\r\n\r\n"),
    "a header with a control character": (400, LINE + b"Authorization: Bearer ovs_te\x01st_key\r\n\r\n"),
    "bytes in the path": (400, b"GET /v0.2/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n"),
    "no URL": (400, b"GET http://[::1/x HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a header without end": (431, LINE + b"Authorization: Bearer ovs_test_key" + b"x" * 9000 + b"\r\n\r\n"),
    "a URL without end": (414, b"GET /?key=ovs_test_key" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
}


@pytest.mark.parametrize("what", NOT_HTTP)
def test_what_cannot_be_read_is_answered_in_the_contracts_shape(what, caplog, capfd):
    @loopback_story()
    async def told(wire):
        expected, sent = NOT_HTTP[what]
        head, body = await send(wire, sent)

        assert f" {expected} ".encode() in head[:16]
        answer = json.loads(body)
        validate(answer, ERROR)
        assert f"X-Request-Id: {answer['request_id']}".encode() in head
        ((request, response),) = wire.journal.exchanges()
        assert (answer["request_id"], "?", None) == (request.request_id, request.path, request.route)
        assert (expected, answer) == (response.status, response.body)
        for secret in ("ovs_te", "ovs_test_key"):
            assert secret.encode() not in body
            assert secret not in wire.journal.to_jsonl()
        assert 200 == (await ask(wire, "GET", "/v0.2/healthz"))[0]

    told()
    assert [] == caplog.records
    assert ("", "") == capfd.readouterr()


def test_a_body_that_cannot_be_unpacked_leaves_no_trace_in_the_log(caplog, capfd):
    @loopback_story()
    async def told(wire):
        line = f"Authorization: Bearer {wire.key}\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{{}}"
        head, body = await send(wire, POST + line.encode())

        assert head.startswith(b"HTTP/1.1 400 ")
        assert b"Connection: close" in head
        validate(json.loads(body), ERROR)

    told()
    assert [] == caplog.records
    assert ("", "") == capfd.readouterr()


def test_an_answer_that_cannot_be_written_is_our_defect_and_comes_to_light(caplog):
    odd = Route("odd", "GET", "/odd", lambda _: Reply(200, {}, headers={"X-Odd": "a\r\nb"}), public=True)

    @loopback_story()
    async def told(wire):
        wire.fake._service.add_routes([odd])
        assert (b"", b"") == await send(wire, b"GET /v0.2/odd HTTP/1.1\r\nHost: x\r\n\r\n")

    with pytest.raises(ExceptionGroup, match="the fake itself failed") as raised:
        told()
    assert [ValueError] == [type(each) for each in raised.value.exceptions]
    assert [] == caplog.records


@loopback_story()
async def test_unusual_http_is_http(wire):
    for sent, expected in (
        (b"GET /v0.2/healthz HTTP/1.0\r\n\r\n", b"HTTP/1.0 200"),
        (b"GET http://other.test/v0.2/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"200"),
        (LINE + b"Origin: http://\xff\xfe\r\nConnection: close\r\n\r\n", b"200"),
        (LINE + b"Accept-Encoding: \xff;q=\xfe\r\nConnection: close\r\n\r\n", b"200"),
        (b"\r\n\r\n" + LINE + b"Connection: close\r\n\r\n", b"200"),
    ):
        head, body = await send(wire, sent)
        assert expected in head[:16], sent
        assert {"status": "ok"} == json.loads(body)


# --- compression ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("*", True),
        ("identity;q=0.5, gzip;q=1.0", True),
        ("identity;q=0, *", True),
        (" gzip ; q=0.001 ", True),
        ("", False),
        ("identity", False),
        ("deflate, br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("identity, gzip;q=0.5", False),
        ("gzip;q=high", False),
        ("gzip;q=-1", False),
        ("gzipped", False),
        (",,;", False),
    ],
)
def test_who_takes_gzip(accepted, taken):
    @story()
    async def told(wire):
        path = await long_answer(wire)
        status, headers, body = await ask(wire, "GET", path, Accept_Encoding=accepted)

        assert (200, "gzip" if taken else None) == (status, headers.get("Content-Encoding"))
        assert "Origin, Accept-Encoding" == headers["Vary"]
        assert "many words" in body.decode()

    told()


@loopback_story()
async def test_what_is_compressed_is_the_same_in_every_run(wire):
    url = wire.fake.base_url + (await long_answer(wire)).removeprefix("/v0.2")
    async with httpx.AsyncClient(headers=key_of(wire)) as client:
        raw = []
        for _ in range(2):
            async with client.stream("GET", url) as answer:
                raw.append(b"".join([part async for part in answer.aiter_raw()]))
            wire.clock.step(1.0)
        plain = await client.get(url, headers={"Accept-Encoding": "identity"})

    assert raw[0] == raw[1]
    assert b"\0\0\0\0" == raw[0][4:8]  # RFC 1952, MTIME: none
    assert plain.content == gzip.decompress(raw[0])
    assert str(len(raw[0])) == answer.headers["Content-Length"]
    assert len(raw[0]) < len(plain.content) / 2


@story()
async def test_short_answers_stay_as_they_are(wire):
    _, headers, _ = await ask(wire, "GET", "/v0.2/models", Accept_Encoding="gzip")

    assert (None, "Origin") == (headers.get("Content-Encoding"), headers["Vary"])


@story(gzip_over=None)
async def test_compression_can_be_turned_off_and_on(wire):
    path = await long_answer(wire)
    _, headers, _ = await ask(wire, "GET", path, Accept_Encoding="gzip")
    assert None is headers.get("Content-Encoding")

    wire.fake.change(gzip_over=0)
    _, headers, _ = await ask(wire, "GET", "/v0.2/healthz", Accept_Encoding="gzip")
    assert "gzip" == headers["Content-Encoding"]


@loopback_story()
async def test_a_compressed_answer_can_be_cut_short(wire):
    path = await long_answer(wire)
    wire.faults.on(Truncate(10), route="feedback_list")
    line = (
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {wire.key}\r\nAccept-Encoding: gzip\r\n\r\n"
    )
    head, body = await send(wire, line.encode())

    assert b"Content-Encoding: gzip" in head
    assert b"\x1f\x8b" == body[:2]
    assert 10 == len(body)


@story()
async def test_bodies_that_come_compressed(wire):
    text = json.dumps(FRAME).encode()
    bomb = zlib.compress(b" " * 20_000_000)
    for coding, data, expected in (
        ("gzip", gzip.compress(text), 201),
        ("GZip", gzip.compress(text), 201),
        ("deflate", zlib.compress(text), 201),
        ("identity", text, 201),
        ("gzip", zlib.compress(text), 400),
        ("gzip", text, 400),
        ("deflate", b"\xff" * 50, 400),
        ("br", text, 400),
        ("zstd", text, 400),
        ("gzip, gzip", gzip.compress(gzip.compress(text)), 400),
        ("nonsense", text, 400),
        ("deflate", bomb, 413),
    ):
        headers = {**JSON, "Content-Encoding": coding}
        status, _ = await wire.call("POST", "/streams", data=data, headers=headers)
        assert expected == status, coding


# --- httpx, as it comes -----------------------------------------------------------------------------------


@loopback_story()
async def test_httpx_meets_what_the_contract_says(wire):
    async with httpx.AsyncClient(base_url=wire.fake.base_url, headers=key_of(wire)) as client:
        created = await client.post("/streams", json=WEBRTC)
        path = f"/streams/{created.json()['stream_id']}"
        answers = [
            created,
            await client.post(f"{path}/keepalive"),
            await client.get(f"{path}/info"),
            await client.head("/models"),
            await client.options(path),
            await client.post(f"{path}/spectate"),
            await client.post(f"{path}/feedback", json=LONG),
            await client.get("/streams/feedback"),
            await client.delete(path),
            await client.delete(path),
            await client.get("/models", headers={"Authorization": "Bearer wrong"}),
        ]

    assert [201, 200, 200, 200, 204, 400, 200, 200, 200, 204, 401] == [each.status_code for each in answers]
    assert len(answers) == len({each.headers["X-Request-Id"] for each in answers})
    assert "gzip" == answers[7].headers["Content-Encoding"]
    assert LONG.items() <= answers[7].json()[0].items()
