"""The Node driver with the real SDK from npm, against a server that holds and counts."""

from __future__ import annotations

import pytest
from aiohttp import web

from overshoot_testkit.clients import ErrorReport
from overshoot_testkit.clients._driver import DriverClient
from overshoot_testkit.clients._driver_state import Made, MessageCounts, SocketCounts

KEY = "ovs_a_secret_key"


async def test_hello_says_what_is_driven_and_what_it_can_do(bench):
    hello = bench.client.hello

    assert ("@overshoot/sdk", "0.1.0-alpha.2") == (hello.name, hello.version)
    assert {"webrtc", "update_prompt", "restart", "error_status", "media_stream", "end_media"} == (
        hello.capabilities
    )
    assert {"clip"} == hello.modes
    assert any("stand-in" in note for note in hello.notes)


async def test_start_sends_the_post_opens_the_socket_and_is_done(bench):
    call = await bench.started()

    assert [(0.0, "POST streams")] == bench.server.requests
    assert {"sampling_ratio": 0.1, "fps": 30, "clip_length_seconds": 1, "delay_seconds": 1} == (
        bench.server.bodies[0]["processing"]
    )
    assert bench.server.bodies[0]["webrtc"]["sdp"].startswith("v=0\r\n")
    assert [{"api_key": KEY}] == bench.server.hellos
    assert not call.pending
    assert call.done.result().error is None
    assert await bench.client.query("is_active") is True
    assert "s1" == await bench.client.query("stream_id")
    assert ["video"] == (await bench.client.query("media_stream"))["tracks"]


async def test_keepalives_fall_at_half_the_lease_to_the_millisecond(bench):
    await bench.started()

    state = await bench.until(100.0)

    assert [
        (22.5, "POST streams/s1/keepalive"),
        (45.0, "POST streams/s1/keepalive"),
        (67.5, "POST streams/s1/keepalive"),
        (90.0, "POST streams/s1/keepalive"),
    ] == bench.server.requests[1:]
    assert (100.0, 112.5, 1) == (state.now, state.next_timer, state.timers)


async def test_a_held_request_is_in_flight_and_does_not_stop_the_clock(bench):
    gate = bench.server.hold("streams/s1/keepalive")
    await bench.started()

    state = await bench.until(30.0)

    assert 1 == state.in_flight
    assert (30.0, 45.0) == (state.now, state.next_timer)

    gate.set()

    assert 0 == (await bench.settle()).in_flight


async def test_a_call_that_hangs_is_pending_at_any_virtual_time(bench):
    gate = bench.server.hold("streams")
    call = await bench.start()

    await bench.until(3600.0)

    assert call.pending
    assert (call,) == bench.client.calls

    gate.set()
    await bench.settle()

    assert not call.pending


async def test_results_arrive_once_and_in_order(bench):
    await bench.started()

    await bench.server.send(*(f'{{"id": {number}}}' for number in range(50)))
    state = await bench.settle()

    assert [{"id": number} for number in range(50)] == bench.results
    assert MessageCounts(sent=1, received=50) == state.messages


async def test_a_message_of_a_mebibyte_passes(bench):
    await bench.started()

    await bench.server.send('{"result": "' + "x" * 2**20 + '"}')
    await bench.settle()

    assert 2**20 == len(bench.results[0]["result"])


async def test_after_stop_the_state_shows_what_is_left(bench):
    await bench.started()

    call = await bench.client.call("stop")
    state = await bench.settle()

    assert not call.pending
    assert await bench.client.query("is_active") is False
    assert await bench.client.query("media_stream") is None
    assert SocketCounts(closed=1) == state.sockets
    assert MessageCounts() == state.open_messages
    assert (None, 0, 0) == (state.next_timer, state.timers, state.in_flight)
    assert Made(1, 1) == state.peer_connections
    assert Made(1, 1) == state.tracks
    assert () == state.unhandled_rejections


async def test_the_same_object_starts_again_after_stop(bench):
    await bench.started()
    await bench.client.call("stop")
    await bench.settle()

    call = await bench.started()

    assert call.done.result().error is None
    assert ["POST streams", "POST streams"] == [what for _, what in bench.server.requests]
    assert Made(2, 1) == (await bench.client.state()).peer_connections


async def test_an_error_is_reported_with_the_class_and_status_that_the_sdk_gave_it(bench):
    bench.server.answers["streams"] = web.json_response({"error": "insufficient_credits"}, status=402)

    call = await bench.started()

    expected = ErrorReport("credits", "insufficient_credits", status=402)
    assert expected == call.done.result().error
    assert [expected] == bench.errors


async def test_a_status_that_the_sdk_has_lost_is_not_guessed(bench):
    bench.server.answers["streams"] = web.json_response({"error": "unavailable"}, status=503)

    call = await bench.started()

    assert ErrorReport("server", "unavailable", status=500) == call.done.result().error


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        # The SDK has no class for either; the first text it keeps for this one code.
        (1008, ErrorReport("authentication", "WebSocket authentication failed: Invalid or revoked API key")),
        (1011, ErrorReport("unknown", "WebSocket closed unexpectedly")),
    ],
)
async def test_an_error_without_a_class_is_known_only_by_words_that_mean_one_thing(bench, code, expected):
    await bench.started()

    await bench.server.sockets[0].close(code=code, message=b"whatever the server says")
    await bench.settle()

    assert [expected] == bench.errors


async def test_a_truncated_body_fails_where_the_sdk_reads_it(bench):
    class Truncated(web.Response):
        async def write_eof(self, data=b""):
            self._req.transport.abort()

    bench.server.answers["streams"] = Truncated(body=b"never sent in full", headers={"Content-Length": "999"})

    call = await bench.started()

    assert "network" == call.done.result().error.kind
    assert 0 == (await bench.settle()).in_flight


async def test_ended_media_stops_the_tracks(bench):
    await bench.started()

    await bench.client.media("end")

    assert Made(1, 1) == (await bench.settle()).tracks


async def test_two_virtual_hours_have_exactly_the_expected_keepalives(bench):
    await bench.started()

    await bench.until(7200.0)

    assert 320 == sum(what.endswith("keepalive") for _, what in bench.server.requests)


async def test_the_key_is_in_no_log_line(bench):
    await bench.started()

    assert any("Stream started" in line for line in bench.client.stderr)
    assert not any(KEY in line for line in bench.client.stderr)


async def test_no_process_is_left_after_closing(node_driver, alive):
    client = await DriverClient.launch(node_driver)
    pid = client.pid
    assert alive(pid)

    await client.aclose()

    assert not alive(pid)


async def test_the_driver_ends_by_itself_when_its_input_does(node_driver):
    client = await DriverClient.launch(node_driver)
    await client._peer.process.aclose(grace=5.0)

    assert 0 == client._peer.process.exit_code
