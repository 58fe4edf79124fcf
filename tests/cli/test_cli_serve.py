"""`serve` as programs and people start it: in a process of its own, ended by signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import aiohttp
import pytest
from typer.testing import CliRunner

from overshoot_testkit.cli._app import app

ORDER = {
    "mode": "frame",
    "processing": {"interval_seconds": 2.0},
    "inference": {"prompt": "Describe what you see", "model": "Qwen/Qwen3.5-9B"},
}
WINDOWS = os.name == "nt"
# Windows sends no Ctrl-C to a group of processes, but a Ctrl-Break.
ENDINGS = [signal.CTRL_BREAK_EVENT] if WINDOWS else [signal.SIGINT, signal.SIGTERM]


def line(process) -> dict:
    return json.loads(process.stdout.readline())


def call(method: str, url: str, body: object = None, key: str | None = None) -> object:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            raw = answer.read()
            return json.loads(raw) if raw else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def end(process, how: signal.Signals = ENDINGS[0]) -> tuple[int, str, str]:
    process.send_signal(how)
    output, errors = process.communicate(timeout=30)
    return process.returncode, output, errors


def test_a_program_starts_it_drives_it_and_ends_it(begin):
    process = begin("serve", "--json", "--clock", "stepped", "--fault", "answer 503 route=keepalive times=1")
    ready = line(process)
    url, admin, key = ready["url"], ready["admin_url"], ready["api_key"]
    assert ("ready", "ovs_test_key", True) == (ready["event"], key, url.endswith("/v0.2"))
    assert {"OVERSHOOT_API_URL": url, "OVERSHOOT_BASE_URL": url, "OVERSHOOT_API_KEY": key} == ready["env"]

    stream = call("POST", f"{url}/streams", ORDER, key)["stream_id"]
    assert 503 == call("POST", f"{url}/streams/{stream}/keepalive", key=key)
    call("POST", f"{admin}/reset")
    assert stream == call("POST", f"{url}/streams", ORDER, key)["stream_id"]
    assert 503 == call("POST", f"{url}/streams/{stream}/keepalive", key=key)  # as it was started
    assert 30.0 == call("POST", f"{admin}/clock/advance", {"seconds": 30})["now"]

    code, output, errors = end(process)

    events = [json.loads(each) for each in output.splitlines()]
    assert (0, "") == (code, errors)
    assert ["Request", "Request", "FaultFired"] == [
        e["event"] for e in events if e["event"] in {"Request", "FaultFired"}
    ][:3]
    assert "summary" == events[-1]["event"]
    assert 4 == events[-1]["requests"]
    assert [{"id": stream, "number": 1, "cost_cents": 0.0}] == events[-1]["left_open"]
    assert {"Answer#1": 2} == events[-1]["faults_fired"]


@pytest.mark.parametrize("how", ENDINGS)
def test_clients_that_hold_on_do_not_keep_it_from_ending(begin, how):
    process = begin("serve", "--json")
    ready = line(process)

    async def hold_on():
        headers = {"Authorization": f"Bearer {ready['api_key']}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            async with http.post(f"{ready['url']}/streams", json=ORDER) as answer:
                stream = (await answer.json())["stream_id"]
            held = await http.ws_connect(f"{ready['url']}/ws/streams/{stream}")
            await held.send_json({"api_key": ready["api_key"]})
            call_held = {"action": "hang", "on": {"route": "models"}}
            async with http.post(f"{ready['admin_url']}/faults", json=call_held) as answer:
                assert 201 == answer.status
            hanging = asyncio.create_task(http.get(f"{ready['url']}/models"))
            async with http.get(f"{ready['admin_url']}/journal/follow") as following:
                while b'"models"' not in await following.content.readline():
                    pass
                code, _, errors = await asyncio.to_thread(end, process, how)
                assert (0, "") == (code, errors)
            message = await held.receive()
            while message.type is aiohttp.WSMsgType.TEXT:
                message = await held.receive()
            hanging.cancel()
            return message.data

    assert 1001 == asyncio.run(hold_on())


def test_people_read_a_log_and_a_summary(begin):
    process = begin("serve")
    lines = [process.stdout.readline().rstrip() for _ in range(9)]
    url, admin = lines[1].split()[-1], lines[3].split()[-1]
    assert "The fake of the API runs, in real time. Ctrl-C ends it." == lines[0]
    assert f"  export OVERSHOOT_API_URL={url}" == lines[6]
    key = lines[2].split()[-1]
    stream = call("POST", f"{url}/streams", ORDER, key)["stream_id"]
    for number in range(3):
        call("POST", f"{admin}/streams/{stream}/results", {"result": f"result {number}"})
    call("DELETE", f"{url}/streams/{stream}", key=key)

    code, output, _ = end(process)

    assert 0 == code
    assert "#1 ← 201 create" in output
    assert "stream: active → ended (client_requested)" in output
    assert "2 requests, 1 stream, " in output.splitlines()[-1]
    assert key not in output


def test_a_check_that_fails_makes_exit_1(begin, project):
    (project / "two.yaml").write_text(
        "title: two\nchecks:\n  - {name: one is open, at: end, expect: {fact: open_streams, equals: 1}}\n"
    )
    process = begin("serve", "--json", "--scenario", "two.yaml", "--quiet")
    line(process)

    code, output, _ = end(process)

    summary = json.loads(output.splitlines()[-1])
    assert (1, [False]) == (code, [each["passed"] for each in summary["checks"]])


def test_nobody_needs_to_read_what_it_says(begin):
    process = begin("serve", "--json")
    ready = line(process)
    for _ in range(150):  # more than a pipe holds: 64 KiB
        assert {"status": "ok"} == call("GET", f"{ready['url']}/healthz?{'x' * 400}")
    process.stdout.close()
    assert {"status": "ok"} == call("GET", f"{ready['url']}/healthz")

    process.send_signal(ENDINGS[0])
    process.stdout = None
    assert 0 == process.wait(timeout=30)


def test_a_pipe_that_is_full_holds_up_nobody():
    """The same inside: lines wait in the program, not the program for their reader."""
    script = """
import sys
from overshoot_testkit.cli._output import Output
output = Output()
for number in range(30_000):
    output.line("x" * 100)
print(output._left_out > 0, file=sys.stderr)
"""
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert b"True" == process.stderr.readline().strip()
        assert 0 == process.wait(timeout=30)
    finally:
        process.stdout.close()
        process.stderr.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--profile", "sead"], "seed"),
        (["--profile", "nowhere.toml"], "nowhere.toml"),
        (["--scenario", "nowhere.yaml"], "nowhere.yaml"),
        (["--fault", "anwser 503"], "answer"),
        (["--fault", "answer 503 route=keepaliv"], "keepalive"),
        (["--host", "0.0.0.0"], "admin-token"),
        (["--admin-token-env", "NOBODY_SET_THIS"], "NOBODY_SET_THIS is not set"),
        (["--admin-token-env", "TOO_SHORT"], "at least 16"),
        (["--api-key", " "], "--api-key"),
        (["--clock", "sundial"], "--clock"),
        (["--port", "70000"], "--port"),
    ],
)
def test_mistakes_end_it_before_it_serves(arguments, told):
    done = CliRunner().invoke(app, ["serve", *arguments], env={"TOO_SHORT": "short"})

    assert (2, "") == (done.exit_code, done.stdout)
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr


def test_a_port_in_use_is_said(program):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for option in ("--admin-port",):
            code, _, errors = program("serve", option, port)
            assert (
                2,
                f"Error: port {port} on 127.0.0.1 is in use: choose another, or 0 for any that is free\n",
            ) == (
                code,
                errors,
            )


def test_help_teaches(program):
    code, output, _ = program("serve", "--help")

    assert 0 == code
    for each in ("--json", "--clock", "--scenario", '"event": "ready"', "OVERSHOOT_API_URL", "/_testkit/ui"):
        assert each in output
