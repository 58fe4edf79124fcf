"""The result socket: who may listen, what is heard and when."""

from __future__ import annotations

import json

import aiohttp
import jsonschema
from fake_stories import CLIP, FRAME, ending, story

from overshoot_testkit.fakes.overshoot import ABSENT, Account
from overshoot_testkit.journal import SocketClosed, SocketMessage


async def results(socket, count):
    return [json.loads((await socket.receive()).data) for _ in range(count)]


@story()
async def test_results_come_at_the_interval_after_a_first_wait(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)

    messages = await results(socket, 3)

    sent = wire.journal.of(SocketMessage, direction="out")
    assert [1.1, 3.1, 5.1] == [round(each.at, 6) for each in sent]
    assert [each.data for each in sent] == messages
    assert {
        "id": messages[0]["id"],
        "stream_id": stream,
        "mode": "frame",
        "model_backend": "overshoot",
        "model_name": "Qwen/Qwen3.5-9B",
        "prompt": "Describe what you see",
        "result": messages[0]["result"],
        "inference_latency_ms": 350.0,
        "total_latency_ms": 520.0,
        "ok": True,
        "error": None,
        "finish_reason": "stop",
    } == messages[0]
    assert 3 == len({each["id"] for each in messages})


@story()
async def test_clips_come_at_their_delay(wire):
    socket = await wire.socket(await wire.create(CLIP))

    messages = await results(socket, 2)

    assert ["clip", "clip"] == [each["mode"] for each in messages]
    assert 4.1 == round(wire.clock.now(), 6)


@story()
async def test_a_socket_that_comes_late_hears_what_is_due_from_then_on(wire):
    stream = await wire.create()
    await wire.clock.sleep(30)
    socket = await wire.socket(stream)

    await results(socket, 1)

    assert 31.1 == round(wire.clock.now(), 6)


@story()
async def test_every_socket_of_a_stream_hears_every_result(wire):
    stream = await wire.create()
    sockets = [await wire.socket(stream) for _ in range(3)]

    heard = [await results(socket, 2) for socket in sockets]

    assert heard[0] == heard[1] == heard[2]


@story()
async def test_results_stop_with_the_frames_and_go_on_with_them(wire):
    wire.fake.change(frames="none")
    stream = await wire.create()
    socket = await wire.socket(stream)

    await wire.clock.sleep(10)
    wire.fake.frames(stream, on=True)
    await wire.clock.sleep(4)
    wire.fake.frames(stream, on=False)
    await wire.clock.sleep(10)
    wire.fake.frames(stream, on=True)
    await results(socket, 3)

    sent = wire.journal.of(SocketMessage, direction="out")
    assert [11.1, 13.1, 24.35] == [round(each.at, 6) for each in sent]


@story()
async def test_a_prompt_counts_from_the_next_inference_on(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)

    await wire.clock.sleep(0.9)  # the first result's inference began at 0.75 s
    status, config = await wire.call(
        "PATCH", f"/streams/{stream}/config/prompt", json={"prompt": "Count cats"}
    )
    messages = await results(socket, 2)

    assert (200, "Count cats", stream) == (status, config["prompt"], config["stream_id"])
    assert ("2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.900000+00:00") == (
        config["created_at"],
        config["updated_at"],
    )
    assert ["Describe what you see", "Count cats"] == [each["prompt"] for each in messages]


@story()
async def test_a_prompt_needs_a_stream_and_a_text(wire):
    stream = await wire.create()
    path = f"/streams/{stream}/config/prompt"

    assert 422 == (await wire.call("PATCH", path, json={"prompt": ""}))[0]
    assert 422 == (await wire.call("PATCH", path, json={"prompt": "x", "more": 1}))[0]
    assert 400 == (await wire.call("PATCH", "/streams/abc/config/prompt", json={"prompt": "x"}))[0]
    await wire.delete(stream)
    assert 404 == (await wire.call("PATCH", path, json={"prompt": "x"}))[0]


@story()
async def test_a_test_writes_the_script(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    wire.fake.results.script(
        [
            "a dog",
            {"ok": False, "error": "model overloaded", "result": "", "finish_reason": None},
            None,
            lambda request: f"inference {request.index} of stream {request.stream_number}",
            {"finish_reason": "length", "extra": [1]},
        ]
    )

    messages = await results(socket, 4)

    assert ["a dog", "", "inference 3 of stream 1"] == [each["result"] for each in messages[:3]]
    assert (False, "model overloaded") == (messages[1]["ok"], messages[1]["error"])
    assert ("length", [1]) == (messages[3]["finish_reason"], messages[3]["extra"])
    assert [1.1, 3.1, 7.1, 9.1] == [
        round(each.at, 6) for each in wire.journal.of(SocketMessage, direction="out")
    ]


@story()
async def test_a_script_can_be_for_one_stream(wire):
    first, second = await wire.create(), await wire.create()
    sockets = [await wire.socket(first), await wire.socket(second)]
    wire.fake.results.script(["only mine"], stream=second)

    heard = [(await results(socket, 1))[0]["result"] for socket in sockets]

    assert "only mine" == heard[1] != heard[0]


@story(generate=lambda request: f"{request.prompt}: {request.index}")
async def test_contents_can_be_made_by_a_function(wire):
    socket = await wire.socket(await wire.create())

    assert ["Describe what you see: 0", "Describe what you see: 1"] == [
        each["result"] for each in await results(socket, 2)
    ]


@story()
async def test_a_result_can_be_sent_at_any_moment(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    await wire.clock.sleep(0.5)

    sent = wire.fake.send_result(stream, result="now")

    assert [sent] == await results(socket, 1)
    assert ("now", 0.5) == (sent["result"], wire.clock.now())


@story()
async def test_an_output_schema_is_obeyed(wire):
    schema = {
        "type": "object",
        "properties": {"count": {"type": "integer", "minimum": 3}, "what": {"enum": ["cat", "dog"]}},
        "required": ["count", "what"],
        "additionalProperties": False,
    }
    body = {**FRAME, "inference": {**FRAME["inference"], "output_schema_json": schema}}
    socket = await wire.socket(await wire.create(body))

    (message,) = await results(socket, 1)

    jsonschema.validate(json.loads(message["result"]), schema)
    assert message["ok"]


@story()
async def test_a_schema_that_nothing_satisfies_makes_failed_results(wire):
    body = {**FRAME, "inference": {**FRAME["inference"], "output_schema_json": {"type": "nonsense"}}}
    socket = await wire.socket(await wire.create(body))

    (message,) = await results(socket, 1)

    assert (False, "", None) == (message["ok"], message["result"], message["finish_reason"])
    assert "not a JSON Schema" in message["error"]


@story()
async def test_intervals_have_a_floor(wire):
    body = {**FRAME, "processing": {"interval_seconds": 1e-9}}
    socket = await wire.socket(await wire.create(body))

    await results(socket, 21)

    assert 2.1 == round(wire.clock.now(), 6)


@story(accounts={"ovs_a": Account(), "ovs_b": Account()})
async def test_only_the_right_key_opens_a_socket(wire):
    stream = await wire.create(key="ovs_a")
    for first in (
        '{"api_key": "ovs_wrong"}',
        '{"api_key": 5}',
        '{"key": "ovs_a"}',
        '["ovs_a"]',
        "ovs_a",
        "{not json",
        '{"api_key": "\\ud800"}',
        b'{"api_key": "ovs_a"}',
    ):
        socket = await wire.open_socket(stream)
        await (socket.send_bytes(first) if isinstance(first, bytes) else socket.send_str(first))
        assert (1008, "authentication failed") == await ending(socket), first

    assert (1008, "stream not found") == await ending(await wire.socket(stream, "ovs_b"))
    assert (1008, "stream not found") == await ending(await wire.socket("no-such-stream", "ovs_a"))
    assert "ovs_a" not in wire.journal.to_jsonl()


@story(socket_auth_timeout=7.0)
async def test_a_silent_socket_is_closed_after_a_while(wire):
    socket = await wire.open_socket(await wire.create())

    assert (1008, "authentication timed out") == await ending(socket)
    assert 7.0 == wire.clock.now()


@story()
async def test_a_socket_on_a_stream_that_has_ended_is_told_so(wire):
    stream = await wire.create()
    await wire.delete(stream)

    assert (1001, "stream ended: client_requested") == await ending(await wire.socket(stream))


@story()
async def test_a_client_may_leave_and_come_back(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    await results(socket, 1)
    await socket.close(code=1000, message=b"see you")
    await wire.clock.sleep(10.5)
    again = await wire.socket(stream)
    await results(again, 1)

    (closed,) = wire.journal.of(SocketClosed)
    assert ("client", 1000, "see you", 1.1) == (closed.by, closed.code, closed.reason, round(closed.at, 6))
    assert 13.1 == round(wire.clock.now(), 6)
    assert 7 == (await wire.info(stream))["inferences_completed"]


@story()
async def test_a_client_may_leave_without_a_code(wire):
    socket = await wire.socket(await wire.create())
    await wire.clock.sleep(1)

    socket._response.connection.transport.write(b"\x88\x80\0\0\0\0")  # a close frame, masked, and empty
    await wire.clock.sleep(1)

    (closed,) = wire.journal.of(SocketClosed)
    assert ("client", 1005, "") == (closed.by, closed.code, closed.reason)


@story()
async def test_a_script_waits_while_nobody_listens(wire):
    wire.fake.results.script(["one", "two"])
    stream = await wire.create()
    socket = await wire.socket(stream)
    heard = await results(socket, 1)
    await socket.close()
    await wire.clock.sleep(10)
    heard += await results(await wire.socket(stream), 1)

    assert ["one", "two"] == [each["result"] for each in heard]


@story()
async def test_a_connection_that_just_goes_is_recorded_as_lost(wire):
    socket = await wire.socket(await wire.create())
    await wire.clock.sleep(1)

    socket._response.connection.transport.abort()
    await wire.clock.sleep(1)

    (closed,) = wire.journal.of(SocketClosed)
    assert ("lost", 1006) == (closed.by, closed.code)
    assert 0 == wire.fake.traffic.sockets_open


@story()
async def test_what_a_client_says_after_its_key_is_recorded_and_ignored(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    await socket.send_str("hello")
    await socket.send_bytes(b"\x00\x01")
    await results(socket, 1)

    assert [{"api_key": "key 1"}, "hello", {"binary": 2}] == [
        each.data for each in wire.journal.of(SocketMessage, direction="in")
    ]


@story()
async def test_the_socket_path_wants_a_websocket(wire):
    stream = await wire.create()

    status, _ = await wire.call("GET", f"/ws/streams/{stream}")

    assert 400 == status


@story()
async def test_a_message_too_large_ends_the_socket(wire):
    socket = await wire.socket(await wire.create())
    await socket.send_str("x" * (5 * 1024 * 1024))

    message = await socket.receive()

    assert (aiohttp.WSMsgType.CLOSE, 1009) == (message.type, message.data)


@story()
async def test_a_scripted_result_may_lack_members(wire):
    wire.fake.results.script([{"result": "bare", "error": ABSENT, "prompt": ABSENT}])
    socket = await wire.socket(await wire.create())

    (message,) = await results(socket, 1)

    assert "bare" == message["result"]
    assert not {"error", "prompt"} & message.keys()
    assert [message] == [each.data for each in wire.journal.of(SocketMessage, direction="out")]


@story()
async def test_video_that_stops_for_a_moment_gives_no_result_twice(wire):
    stream = await wire.create()
    socket = await wire.socket(stream)
    await results(socket, 1)
    wire.fake.frames(stream, on=False)
    await wire.clock.sleep(1)
    wire.fake.frames(stream, on=True)
    await wire.clock.sleep(10)

    sent = [round(each.at, 6) for each in wire.journal.of(SocketMessage, direction="out")]
    assert [1.1, 2.45, 4.45, 6.45, 8.45, 10.45] == sent
