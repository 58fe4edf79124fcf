"""The fake beside other plugins and other processes: anyio, xdist, randomly, programs in any language."""

from __future__ import annotations

import pytest

PROCESSES = """
    import subprocess, sys
    import pytest
    from app import ORDER

    PYTHON = '''
    import sys
    from app import ORDER, call
    stream = call("POST", "/streams", ORDER)["stream_id"]
    print(stream, flush=True)
    sys.stdin.readline()
    call("POST", f"/streams/{stream}/keepalive")
    call("DELETE", f"/streams/{stream}")
    '''
    NODE = '''
    const { OVERSHOOT_API_URL: url, OVERSHOOT_API_KEY: key } = process.env;
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    const order = {
      processing: { interval_seconds: 2 }, inference: { prompt: "?", model: "Qwen/Qwen3.5-9B" },
    };
    const answer = await fetch(`${url}/streams`, { method: "POST", headers, body: JSON.stringify(order) });
    const stream = (await answer.json()).stream_id;
    console.log(stream);
    await new Promise((resolve) => process.stdin.once("data", resolve));
    const kept = await fetch(`${url}/streams/${stream}/keepalive`, { method: "POST", headers });
    await fetch(`${url}/streams/${stream}`, { method: "DELETE", headers });
    process.exit(kept.status === 200 ? 0 : 1);
    '''

    @pytest.mark.parametrize("command", [
        pytest.param([sys.executable, "-c", PYTHON], id="python"),
        pytest.param(["node", "--input-type=module", "-e", NODE], id="node"),
    ])
    def test_a_program(command, overshoot_fake, overshoot_clock, overshoot_journal):
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as program:
            stream = program.stdout.readline().strip()
            assert [each.id for each in overshoot_fake.open_streams()] == [stream]
            overshoot_clock.advance(40)
            program.communicate("go on\\n", timeout=30)
        assert program.returncode == 0
        assert [each.response.status for each in overshoot_journal.exchanges("keepalive")] == [200]
        assert overshoot_fake.open_streams() == []
"""

ANYIO = """
    import asyncio
    import pytest
    from anyio import create_task_group, sleep
    from app import camera
    from overshoot_testkit import OvershootFake, VirtualTimeLoop

    pytestmark = pytest.mark.anyio

    async def keeping(one):
        while True:
            await sleep(20)
            assert await one.keepalive() == 200

    class TestVirtual:
        @pytest.fixture
        def anyio_backend(self):
            return "asyncio", {"loop_factory": VirtualTimeLoop}

        @pytest.mark.parametrize("number", [1, 2])
        async def test_an_hour(self, overshoot, overshoot_clock, overshoot_fake, overshoot_journal, number):
            assert isinstance(overshoot_fake, OvershootFake)
            assert overshoot.base_url == "https://api.overshoot.ai/v0.2"
            async with camera() as one, create_task_group() as group:
                group.start_soon(keeping, one)
                await overshoot_clock.advance(3600)
                assert len(overshoot_fake.open_streams()) == 1
                group.cancel_scope.cancel()
            assert len(overshoot_journal.exchanges("keepalive")) == 180

        @pytest.fixture
        async def running(self, overshoot_clock):
            async with camera() as one:
                yield one

        @pytest.mark.overshoot(clock="virtual")
        async def test_a_fixture_of_the_project(self, running, overshoot_clock):
            await overshoot_clock.advance(44)
            assert await running.keepalive() == 200

    class TestReal:
        @pytest.fixture
        def anyio_backend(self):
            return "asyncio"

        async def test_on_loopback(self, overshoot, overshoot_clock, overshoot_fake):
            assert overshoot.base_url.startswith("http://127.0.0.1:")
            async with camera() as one:
                assert await one.keepalive() == 200
                assert len(overshoot_fake.open_streams()) == 1
            with pytest.raises(RuntimeError, match="loop_factory.*VirtualTimeLoop"):
                overshoot_clock.advance(1)

        async def test_a_plain_one(self):
            await sleep(0)

    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_as_a_parameter(overshoot, anyio_backend):
        async with camera() as one:
            assert await one.keepalive() == 200
"""

ANYIO_IN_AUTO_MODE = """
    import pytest
    from app import camera

    @pytest.mark.anyio
    async def test_marked(overshoot, overshoot_clock):
        async with camera() as one:
            assert await one.keepalive() == 200
        with pytest.raises(RuntimeError, match="With asyncio_mode = strict, or without the anyio marker"):
            overshoot_clock.advance(1)

    async def test_not_marked(overshoot_clock):
        await overshoot_clock.advance(1)
"""

MANY = """
    import pytest
    from app import camera, call, ORDER

    @pytest.mark.asyncio
    @pytest.mark.parametrize("number", range(6))
    async def test_virtual(overshoot_clock, overshoot_fake, number):
        async with camera() as one:
            await overshoot_clock.advance(44)
            assert await one.keepalive() == 200
            assert len(overshoot_fake.streams) == 1

    @pytest.mark.parametrize("number", range(6))
    def test_blocking(overshoot_fake, number):
        stream = call("POST", "/streams", ORDER)["stream_id"]
        assert [each.id for each in overshoot_fake.streams] == [stream]
        call("DELETE", f"/streams/{stream}")

    @pytest.mark.parametrize("number", range(6))
    def test_without(number):
        import threading
        assert "overshoot-fake" not in [thread.name for thread in threading.enumerate()]
"""

INI = """
    [pytest]
    asyncio_mode = {mode}
    asyncio_default_fixture_loop_scope = function
    filterwarnings = error
"""


def test_programs_in_other_processes(project):
    project.write("test_programs.py", PROCESSES)

    project.pytest("--overshoot-fake").assert_outcomes(passed=2)


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_anyio_xdist_and_randomly_beside_both_modes_of_pytest_asyncio(project, mode):
    project.write("pytest.ini", INI.format(mode=mode))
    project.write("test_anyio.py", ANYIO if mode == "strict" else ANYIO_IN_AUTO_MODE)
    project.write("test_many.py", MANY)
    # As in tests/conftest.py: a loop that pytest-asyncio makes if a blocking test is first is never closed.
    project.write("conftest.py", "import asyncio; asyncio.set_event_loop(None)")

    result = project.pytest("--overshoot-fake", "-n", "2", order="any")

    result.assert_outcomes(passed=18 + (6 if mode == "strict" else 2))
    result.stdout.fnmatch_lines(["Using --randomly-seed=*"])
