"""The fake meets curl: nothing of ours on the other side, and a few words on the command line."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest
from fake_stories import FRAME, LIVEKIT, loopback_story, validate

from overshoot_testkit.faults import Answer, Drop

ERROR = {"$ref": "#/components/schemas/ErrorResponse"}
PAGE = "https://app.example.test"


async def curl(wire, path, *options, key="", stdin=b""):
    """Exit status, HTTP status, headers (names in lower case) and body."""
    program = shutil.which("curl")
    if program is None:
        pytest.fail("these tests need the program curl: install it (apt-get install curl, brew install curl)")
    words = ["--silent", "--noproxy", "*", "--max-time", "20", "--include", *options]
    if key is not None:
        words += ["-H", f"Authorization: Bearer {key or wire.key}"]
    running = await asyncio.create_subprocess_exec(
        program,
        "-q",
        *words,
        wire.fake.base_url + path,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await running.communicate(stdin)
    head, _, body = out.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
    return running.returncode, int(line.split()[1]) if line else None, headers, body


def data(body):
    return ("-H", "Content-Type: application/json", "--data", json.dumps(body))


@loopback_story()
async def test_a_stream_from_its_creation_to_its_end(wire):
    _, status, headers, body = await curl(wire, "/streams", *data(FRAME))
    stream = json.loads(body)["stream_id"]
    assert (201, "application/json") == (status, headers["content-type"])
    assert str(len(body)) == headers["content-length"]

    _, status, _, body = await curl(wire, f"/streams/{stream}/keepalive", "-X", "POST")
    assert (200, 45) == (status, json.loads(body)["ttl_seconds"])
    _, status, _, body = await curl(
        wire, f"/streams/{stream}/config/prompt", "-X", "PATCH", *data({"prompt": "p"})
    )
    assert (200, "p") == (status, json.loads(body)["prompt"])
    _, status, _, body = await curl(wire, f"/streams/{stream}/spectate", "-X", "POST")
    assert (200, {"url", "token"}) == (status, json.loads(body)["livekit"].keys())
    _, status, _, body = await curl(wire, f"/streams/{stream}", "-X", "DELETE")
    assert (200, {"status": "ok"}) == (status, json.loads(body))
    _, status, headers, body = await curl(wire, f"/streams/{stream}", "-X", "DELETE")
    assert (204, b"", None) == (status, body, headers.get("content-length"))


@loopback_story()
async def test_errors_are_the_contracts(wire):
    for path, options, key, expected in (
        ("/models", (), None, 401),
        ("/nowhere", (), "", 404),
        ("/models", ("-X", "DELETE"), "", 405),
        ("/streams", ("-X", "POST"), "", 422),
        ("/streams", ("--data", "{}"), "", 422),  # curl calls it application/x-www-form-urlencoded
        ("/models?" + "x" * 9000, (), "", 414),
        ("/models", ("-H", "X-Long: " + "x" * 9000), "", 431),
    ):
        _, status, headers, body = await curl(wire, path, *options, key=key)
        answer = json.loads(body)
        assert expected == status, path
        validate(answer, ERROR)
        assert answer["request_id"] == headers["x-request-id"]


@loopback_story()
async def test_head_options_and_a_preflight(wire):
    _, status, headers, body = await curl(wire, "/models", "--head")
    _, _, _, whole = await curl(wire, "/models")
    assert (200, b"", str(len(whole))) == (status, body, headers["content-length"])

    _, status, headers, body = await curl(wire, "/models", "-X", "OPTIONS", key=None)
    assert (204, "GET, HEAD, OPTIONS", b"") == (status, headers["allow"], body)

    asked = ("-H", f"Origin: {PAGE}", "-H", "Access-Control-Request-Method: POST")
    _, status, headers, _ = await curl(wire, "/streams", "-X", "OPTIONS", *asked, key=None)
    assert (204, PAGE) == (status, headers["access-control-allow-origin"])


@loopback_story(gzip_over=0)
async def test_compressed_on_request(wire):
    _, _, plainly, plain = await curl(wire, "/models")
    _, status, headers, body = await curl(wire, "/models", "--compressed")

    assert (200, "gzip", plain) == (status, headers["content-encoding"], body)
    assert "content-encoding" not in plainly


@loopback_story()
async def test_a_body_so_large_that_curl_asks_first(wire):
    stream = await wire.create(LIVEKIT)
    options = ("-H", "Content-Type: application/json", "-H", "Expect: 100-continue", "--data-binary", "@-")
    for size, expected in ((500_000, 200), (2_000_000, 413)):
        long = json.dumps({"rating": 1, "category": "c", "feedback": "x" * size}).encode()
        _, status, _, _ = await curl(wire, f"/streams/{stream}/feedback", *options, stdin=long)
        assert expected == status


@loopback_story()
async def test_faults_reach_it(wire):
    wire.faults.on(Answer(429, headers={"Retry-After": "7"}), route="models", times=1)
    wire.faults.on(Drop(), route="models", skip=0, times=1)

    _, status, headers, _ = await curl(wire, "/models")
    assert (429, "7") == (status, headers["retry-after"])
    code, status, _, _ = await curl(wire, "/models")
    assert (52, None) == (code, status)  # curl(1): the server did not reply anything
    assert 200 == (await curl(wire, "/models"))[1]
