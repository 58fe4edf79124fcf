"""What the admin API can be asked, held against its own description."""

from __future__ import annotations

import json

from openapi_spec_validator import OpenAPIV31SpecValidator

from overshoot_testkit.clock import LoopClock

SCENARIO = """
title: Keepalives are refused for a while
faults:
  - {action: answer, status: 503, name: refused, on: {route: keepalive, times: 1}}
checks:
  - {name: it fired, at: 10, expect: {fired: refused, equals: 1}}
  - {name: nothing is left, expect: {fact: open_streams, equals: 0}}
"""


async def test_the_description_is_valid_openapi(program):
    _, document = await program.ask("GET", "/openapi.json")

    OpenAPIV31SpecValidator(document).validate()
    assert "3.1.0" == document["openapi"]


async def test_every_path_and_status_that_is_described_is_there(serving):
    async with serving() as program:
        _, program.document = await program.ask("GET", "/openapi.json")
        await every_success(program)
        await every_mistake(program)
        seen = program.seen
    async with serving(token="a-token-of-some-length") as guarded:
        guarded.document = program.document
        for method, path in paths(program.document):
            await guarded.ask(method, path)
        seen |= guarded.seen

    described = {
        (operation["operationId"], int(status))
        for item in program.document["paths"].values()
        for operation in item.values()
        for status in operation["responses"]
    }
    assert described == seen


def paths(document):
    return [
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, item in document["paths"].items()
        for method in item
    ]


async def every_success(program):
    stream = await program.create()
    for path in ("/", "/openapi.json", "/ui", "/ui/app.js", "/clock", "/journal", "/journal.har", "/streams"):
        assert 200 == (await program.ask("GET", path))[0]
    for path in (f"/streams/{stream}", "/streams/1", "/keys", "/models", "/settings", "/faults/vocabulary"):
        assert 200 == (await program.ask("GET", path))[0]
    async with program.http.get(f"{program.admin.url}/journal/follow") as following:
        program.check("GET", "/journal/follow", following.status, None)
    assert 201 == (await program.ask("POST", "/faults", {"action": "hang", "name": "f", "on": {}}))[0]
    assert 200 == (await program.ask("GET", "/faults/f"))[0]
    assert 200 == (await program.ask("GET", "/faults"))[0]
    assert 204 == (await program.ask("DELETE", "/faults/f"))[0]
    assert 204 == (await program.ask("DELETE", "/faults"))[0]
    assert 200 == (await program.ask("POST", f"/streams/{stream}/results", {"result": "hello"}))[0]
    assert 200 == (await program.ask("POST", "/results", {"script": ["a", None, {"ok": False}]}))[0]
    assert 200 == (await program.ask("POST", f"/streams/{stream}/frames", {"on": False}))[0]
    assert 200 == (await program.ask("POST", "/clock/advance", {"seconds": 1}))[0]
    assert 200 == (await program.ask("POST", "/clock/settle"))[0]
    assert 200 == (await program.ask("POST", f"/streams/{stream}/end", {"reason": "lease_expired"}))[0]
    assert 409 == (await program.ask("POST", f"/streams/{stream}/results", {"result": "late"}))[0]
    assert 201 == (await program.ask("POST", "/keys", {"credits_cents": 5}))[0]
    assert 200 == (await program.ask("POST", "/keys/key 1/revoke"))[0]
    assert 200 == (await program.ask("POST", "/keys/key 1/restore"))[0]
    assert 200 == (await program.ask("POST", "/keys/key 1/credits", {"top_up": 1}))[0]
    assert 200 == (await program.ask("PUT", "/models/any", {"status": "saturated"}))[0]
    assert 200 == (await program.ask("PATCH", "/settings", {"lease_ttl": 30}))[0]
    assert 201 == (await program.ask("POST", "/scenario", data=SCENARIO))[0]
    assert 409 == (await program.ask("POST", "/scenario", data=SCENARIO))[0]
    assert 200 == (await program.ask("GET", "/scenario"))[0]
    assert 200 == (await program.ask("DELETE", "/scenario"))[0]
    assert 201 == (await program.ask("POST", "/snapshots"))[0]
    assert 200 == (await program.ask("GET", "/snapshots"))[0]
    assert 200 == (await program.ask("POST", "/snapshots/snapshot-1/restore"))[0]
    assert 204 == (await program.ask("DELETE", "/snapshots/snapshot-1"))[0]
    assert 200 == (await program.ask("POST", "/reset"))[0]


async def every_mistake(program):
    for method, path in paths(program.document):
        operation = program.operation(method, path)
        expected = set(map(int, operation["responses"]))
        await program.ask(method, path, headers={"Origin": "https://evil.test"})
        if "422" in operation["responses"]:
            await program.ask(method, f"{path}?nobody=knows", json={"nobody": []})
        if 413 in expected:
            await program.ask(method, path, data=b"x" * (1024 * 1024 + 1))
            await program.ask(method, path, data=b"\xff{")
        if 404 in expected:
            body = {"/streams/id/frames": {"on": True}, "/results": {"script": [], "stream": "x"}}.get(path)
            body = {"set": 1} if path.endswith("/credits") else body
            await program.ask(method, path, body)
    for method in ("GET", "DELETE"):
        assert 404 == (await program.ask(method, "/scenario"))[0]
    await program.ask("POST", "/clock/advance", {"to": 3})
    assert 409 == (await program.ask("POST", "/clock/advance", {"to": 2}))[0]
    program.fake.clock = LoopClock()
    assert 409 == (await program.ask("POST", "/clock/settle"))[0]
    assert 422 == (await program.ask("POST", "/faults", {"action": "answer", "status": 999}))[0]
    assert 422 == (await program.ask("POST", "/scenario", data="title: 3"))[0]
    assert 422 == (await program.ask("POST", "/streams/id/results", ["no members"]))[0]


async def test_mistakes_are_told_with_field_and_fix(program):
    async def message(method, path, body=None, **how):
        status, answer = await program.ask(method, path, body, **how)
        assert {"error", "message", "details"} == answer.keys()
        return status, answer["message"]

    assert (422, 'body: give either "seconds" (from now) or "to" (a moment of the clock)') == await message(
        "POST", "/clock/advance", {}
    )
    assert (422, "second: is not known here; known are seconds, to, quiet_ms") == await message(
        "POST", "/clock/advance", {"second": 3}
    )
    status, told = await message("POST", "/faults", {"action": "anwser", "status": 503})
    assert (422, True) == (status, "answer" in told)
    status, told = await message("PATCH", "/settings", {"lease_tll": 3})
    assert (422, True) == (status, "lease_ttl" in told)
    status, told = await message("PATCH", "/settings", {"lease_ttl": "45"})
    assert (422, True) == (status, "lease_ttl" in told)
    assert (400, True) == ((await message("POST", "/faults", data=b"{"))[0], True)
    assert (404, "there is no stream 'x'") == await message("GET", "/streams/x")
    assert (404, "there is nothing at /_testkit/strams; see /_testkit/ for what there is") == await message(
        "GET", "/strams"
    )
    assert (405, "/_testkit/reset has no GET, but POST") == await message("GET", "/reset")
    status, told = await message("POST", "/scenario", data="title: x\nfaults:\n  - {action: nope}\n")
    assert (422, True) == (status, "scenario:3: " in told)


async def test_a_fault_is_set_fires_and_is_counted(program):
    fault = {"action": "answer", "status": 503, "on": {"route": "models", "times": 1}, "name": "busy"}
    status, told = await program.ask("POST", "/faults", fault)
    assert (201, 0) == (status, told["fired"])

    assert [503, 200] == [await program.call("GET", "/models") for _ in range(2)]

    _, told = await program.ask("GET", "/faults/busy")
    assert {**fault, "fired": 1, "seen": 1, "set_at": 0.0} == {
        name: value for name, value in told.items() if name != "text"
    }


async def test_the_api_sends_what_is_below_the_admin_path_there(program):
    origin = program.fake.base_url.removesuffix("/v0.2")
    async with program.http.get(f"{origin}/_testkit/clock") as answer:
        assert "stepped" == (await answer.json())["mode"]
        assert program.admin.url == str(answer.url).removesuffix("/clock")
    assert 0 == len(program.fake.journal)


async def test_a_key_is_shown_once_and_nowhere_else(program):
    _, made = await program.ask("POST", "/keys", {"credits_cents": 7})
    headers = {"Authorization": f"Bearer {made['api_key']}"}
    async with program.http.get(f"{program.fake.base_url}/models", headers=headers) as answer:
        assert 200 == answer.status

    for path in ("/keys", "/journal", "/journal.har", "/settings", "/"):
        _, told = await program.ask("GET", path)
        assert made["api_key"] not in json.dumps(told)
        assert program.fake.api_key not in json.dumps(told)


async def test_a_scenario_is_played_and_its_checks_told(program):
    stream = await program.create()
    assert 201 == (await program.ask("POST", "/scenario", data=SCENARIO))[0]
    assert 503 == await program.call("POST", f"/streams/{stream}/keepalive")
    await program.ask("POST", "/clock/advance", {"seconds": 46})

    _, told = await program.ask("DELETE", "/scenario")

    assert [("it fired", "passed"), ("nothing is left", "passed")] == [
        (each["name"], each["state"]) for each in told["checks"]
    ]
    assert [] == list(program.fake.faults)


async def test_reset_gives_a_fresh_fake_and_lets_the_keys_be(program):
    first = await program.create()
    await program.ask("POST", "/faults", {"action": "hang", "on": {"route": "models"}})
    await program.ask("POST", "/clock/advance", {"seconds": 10})

    assert (200, {"now": 0.0}) == await program.ask("POST", "/reset")

    assert {"streams": []} == (await program.ask("GET", "/streams"))[1]
    assert {"faults": []} == (await program.ask("GET", "/faults"))[1]
    assert {"events": [], "last": -1, "more": False} == (await program.ask("GET", "/journal"))[1]
    assert first == await program.create()


async def test_a_snapshot_is_taken_and_restored(program):
    stream = await program.create()
    await program.ask("POST", "/clock/advance", {"seconds": 15})
    _, taken = await program.ask("POST", "/snapshots")
    await program.ask("POST", "/clock/advance", {"seconds": 60})
    assert "ended" == (await program.ask("GET", f"/streams/{stream}"))[1]["state"]

    assert (200, {"now": 75.0}) == await program.ask("POST", f"/snapshots/{taken['id']}/restore")

    _, told = await program.ask("GET", f"/streams/{stream}")
    assert ("active", 30.0) == (told["state"], told["lease_left"])


async def test_models_with_slashes_and_settings_change(program):
    assert 200 == (await program.ask("PUT", "/models/Qwen/Qwen3.5-9B", {"status": "unavailable"}))[0]
    _, told = await program.ask("GET", "/models")
    assert {"model": "Qwen/Qwen3.5-9B", "status": "unavailable", "ready": False} == told["models"][0]

    _, told = await program.ask("PATCH", "/settings", {"lease_ttl": 30, "late_delete": "404"})
    assert (30, "404") == (told["lease_ttl"], told["late_delete"])
    assert {"accounts", "livekit_api_secret"} & told.keys() == set()
