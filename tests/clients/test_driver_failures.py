"""Whatever a driver does wrong: a clear message, soon, and no process left."""

from __future__ import annotations

import sys
import textwrap

import pytest

from overshoot_testkit.clients._driver import DriverClient
from overshoot_testkit.clients._process import DriverError

HELLO = {
    "protocol": 1,
    "name": "tiny",
    "version": "1",
    "capabilities": ["webrtc"],
    "modes": ["clip"],
    "clock": "driver",
}

PRELUDE = f"""
import json, sys, time, subprocess
HELLO = {HELLO!r}
def read():
    line = sys.stdin.readline()
    return json.loads(line) if line else sys.exit(0)
def say(**message):
    print(json.dumps({{"jsonrpc": "2.0", **message}}), flush=True)
def answer(result):
    request = read()
    say(id=request["id"], result=result)
    return request
"""


@pytest.fixture
def script(tmp_path):
    """Make a driver from the lines that follow the prelude."""

    def make(text: str) -> list[str]:
        path = tmp_path / "driver.py"
        path.write_text(PRELUDE + textwrap.dedent(text), encoding="utf-8")
        return [sys.executable, str(path)]

    return make


async def failing_launch(command: list[str], patience: float = 10.0) -> str:
    with pytest.raises(DriverError) as raised:
        await DriverClient.launch(command, patience=patience)
    return str(raised.value)


async def test_no_such_program():
    assert "there is no 'no-such-program'" in await failing_launch(["no-such-program", "driver.mjs"])


async def test_an_empty_command():
    assert "the command is empty" in await failing_launch([])


async def test_it_ends_at_once_with_an_exit_code_and_last_words(script):
    text = await failing_launch(script("print('no SDK here', file=sys.stderr); sys.exit(3)"))

    assert "the driver ended with exit code 3" in text
    assert "no SDK here" in text
    assert "driver.py" in text


async def test_it_is_killed_while_a_call_is_pending(script):
    command = script(
        """
        answer(HELLO)
        answer({})
        read()
        import os, signal
        os.kill(os.getpid(), signal.SIGTERM)
        """
    )
    async with await DriverClient.launch(command) as client:
        call = await client.call("start", {})
        with pytest.raises(DriverError, match=r"ended (by signal SIGTERM|with exit code)"):
            await client.state()
        with pytest.raises(DriverError, match="ended"):
            await call.done
        with pytest.raises(DriverError, match="ended"):
            await client.call("stop")


async def test_it_closes_its_output_but_lives_on(script):
    command = script("import os; sys.stdout.close(); os.close(1); sys.stdin.read()")

    assert "closed its standard output" in await failing_launch(command)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Listening on port 3000", "not JSON: 'Listening on port 3000'"),
        ("42", "neither a notification nor an answer"),
        ('{"jsonrpc": "2.0", "id": 77, "result": {}}', "nobody asked request 77"),
        (
            '{"jsonrpc": "2.0", "method": "result", "params": [1]}',
            "params of a notification are not an object",
        ),
        ('{"jsonrpc": "2.0", "method": "weather", "params": {}}', "there is no notification 'weather'"),
        ('{"jsonrpc": "2.0", "method": "done", "params": {"id": 9}}', "no call 9 is pending"),
        (
            '{"jsonrpc": "2.0", "method": "error", "params": {"report": {"kind": "sad", "message": "m"}}}',
            "kind 'sad' is none of",
        ),
        (
            '{"jsonrpc": "2.0", "id": null, "error": {"code": -1, "message": "what?"}}',
            "could not read a request: what?",
        ),
    ],
)
async def test_nonsense(script, line, expected):
    assert expected in await failing_launch(script(f"read(); print({line!r}, flush=True); sys.stdin.read()"))


async def test_a_line_without_end(script, monkeypatch):
    monkeypatch.setattr("overshoot_testkit.clients._process.LONGEST_LINE", 2**20)
    command = script("sys.stdout.write('x' * 2**21); sys.stdout.flush(); sys.stdin.read()")

    assert "wrote a line of more than 1 MiB" in await failing_launch(command)


async def test_another_protocol_version(script):
    text = await failing_launch(script("answer({**HELLO, 'protocol': 2}); sys.stdin.read()"))

    assert "the driver speaks version 2 of the protocol, this harness version 1" in text


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("name", None, "hello.name is None: it must be of type str"),
        ("capabilities", ["flying"], "capabilities that do not exist: flying"),
        ("capabilities", [1], "hello.capabilities must hold strings only"),
        ("modes", [], "name frame, clip or both"),
        ("clock", "sundial", "the driver's clock is 'sundial'"),
        ("sdk", "x", "hello.sdk is 'x'"),
    ],
)
async def test_a_hello_that_is_not_as_documented(script, field, value, expected):
    command = script(f"answer({{**HELLO, {field!r}: {value!r}}}); sys.stdin.read()")

    assert expected in await failing_launch(command)


async def test_a_state_without_a_field(script):
    async with await DriverClient.launch(
        script("answer(HELLO); answer({'now': 0}); sys.stdin.read()")
    ) as client:
        with pytest.raises(DriverError, match=r"the driver's state\.sockets is missing"):
            await client.state()


async def test_it_refuses_a_request(script):
    command = script(
        """
        answer(HELLO)
        say(id=read()['id'], error={'code': -32602, 'message': 'no call start'})
        answer({})
        """
    )
    async with await DriverClient.launch(command) as client:
        with pytest.raises(DriverError, match="refused a request: no call start"):
            await client.call("start", {})

        assert () == client.calls


async def test_it_hangs_and_is_gone_afterwards(script, gone):
    command = script("answer(HELLO); read(); time.sleep(600)")
    client = await DriverClient.launch(command, patience=0.2)
    pid = client.pid

    with pytest.raises(DriverError, match=r"has not answered 'state' in 0\.2 s: it hangs"):
        await client.state()
    await client.aclose()

    assert gone(pid)


async def test_it_hangs_before_hello_and_leaves_nothing(script, tmp_path, gone):
    pid_file = tmp_path / "pid"
    command = script(f"import os; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(600)")

    assert "has not answered 'hello'" in await failing_launch(command, patience=1.0)
    assert gone(int(pid_file.read_text(encoding="utf-8")))


async def test_its_children_end_with_it(script, alive, gone):
    command = script(
        """
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        answer({**HELLO, "sdk": {"child": child.pid}})
        answer({})
        """
    )
    client = await DriverClient.launch(command)
    child = client.hello.sdk["child"]
    assert alive(child)

    await client.aclose()

    assert gone(child)


async def test_an_exception_in_a_callback_of_the_harness_is_raised_where_it_waits(script):
    command = script(
        "answer(HELLO); read(); say(method='result', params={'data': {'id': 1}}); sys.stdin.read()"
    )

    def broken(_result):
        raise ZeroDivisionError

    async with await DriverClient.launch(command) as client:
        client.on_result = broken
        with pytest.raises(ZeroDivisionError):
            await client.state()


async def test_the_last_lines_are_kept_and_the_key_is_not(script):
    command = script(
        """
        answer(HELLO)
        request = read()
        for number in range(300):
            print(number, request["params"]["params"]["target"]["api_key"], file=sys.stderr)
        sys.exit(1)
        """
    )
    async with await DriverClient.launch(command) as client:
        with pytest.raises(DriverError) as raised:
            await client.call("start", {"target": {"api_key": "ovs_secret", "livekit_token": "also secret"}})

        assert 200 == len(client.stderr)
        assert "299 [redacted]" == client.stderr[-1]
        assert "299 [redacted]" in str(raised.value)
        assert "ovs_secret" not in str(raised.value)


async def test_closing_twice_is_harmless(script):
    client = await DriverClient.launch(script("answer(HELLO); answer({})"))
    await client.aclose()

    await client.aclose()

    with pytest.raises(DriverError):
        await client.state()
