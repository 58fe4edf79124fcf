"""Moving the clock, with clients that have time to react."""

from __future__ import annotations

import asyncio

from overshoot_testkit.journal import Request, Response


async def test_a_clock_that_moves_by_itself_is_not_moved(serving):
    async with serving(clock="real") as program:
        for path in ("/clock/advance", "/clock/settle"):
            status, told = await program.ask("POST", path, {"seconds": 1} if "advance" in path else None)
            assert (409, "clock_not_stepped") == (status, told["error"])
            assert "--clock stepped" in told["message"]


async def test_time_passes_timer_by_timer_while_clients_react(program):
    stream = await program.create()

    async def keep_alive():
        """A client of the kind that acts on what it hears: a keepalive for every fifth result."""
        socket = await program.socket(stream)
        heard = 0
        async for _ in socket:
            heard += 1
            if heard % 5 == 0:
                assert 200 == await program.call("POST", f"/streams/{stream}/keepalive")

    client = asyncio.create_task(keep_alive())
    await program.until(lambda: program.fake.stream(stream).sockets)

    status, told = await program.ask("POST", "/clock/advance", {"seconds": 120})

    assert (200, 120.0) == (status, told["now"])
    assert 1 == len(program.fake.open_streams())
    keepalives = program.fake.journal.of(Request, route="keepalive")
    assert [9.1, 19.1, 29.1] == [round(each.at, 3) for each in keepalives[:3]]
    client.cancel()


async def test_to_a_moment_and_not_back(program):
    assert 90.0 == (await program.ask("POST", "/clock/advance", {"to": 90}))[1]["now"]
    status, told = await program.ask("POST", "/clock/advance", {"to": 89})
    assert (409, "time_has_passed") == (status, told["error"])
    assert 90.0 == program.fake.clock.now()


async def test_a_request_that_a_fault_holds_does_not_keep_time_from_passing(program):
    await program.ask("POST", "/faults", {"action": "delay", "seconds": 5, "on": {"route": "healthz"}})
    held = asyncio.create_task(program.call("GET", "/healthz"))
    await program.until(lambda: program.fake.traffic.requests_open)
    assert 200 == (await program.ask("POST", "/clock/settle"))[0]
    assert [] == program.fake.journal.of(Response)

    await program.ask("POST", "/clock/advance", {"seconds": 6})

    assert 200 == await held
    assert [5.0] == [each.at for each in program.fake.journal.of(Response)]


async def test_the_next_timer_is_told(program):
    assert None is (await program.ask("GET", "/clock"))[1]["next_timer"]
    await program.create()
    assert 45.0 == (await program.ask("GET", "/clock"))[1]["next_timer"]
