"""What the code that the Node driver evaluates finds around it: stepped time, a browser's objects."""

from __future__ import annotations

import subprocess

import pytest

from overshoot_testkit.clients import DriverClient, DriverError, Options, Target, node_command

EPOCH_MS = 1_767_225_600_000


@pytest.fixture
def sdk(tmp_path, sdk_dir):
    """Launch the driver on a bundle whose `start` is the given code; `tell` reaches the result callback."""

    def launch(start: str, *, file: str = "bundle.cjs", exported: str = "RealtimeVision"):
        path = tmp_path / file
        path.write_text(
            f"exports.{exported} = class {{ constructor(config) {{ this.config = config; }}\n"
            f"  async start() {{ const tell = (data) => this.config.onResult(data); {start} }} }};",
            encoding="utf-8",
        )
        return DriverClient.launch(node_command(str(path), sdk_dir))

    return launch


async def told_by(client: DriverClient, *steps: float) -> list[object]:
    results: list[object] = []
    client.on_result = results.append
    call = await client.start(Target("http://127.0.0.1:1/v0.2", "ovs_key"), Options())
    await client.state()
    for to in steps:
        await client.step(to)
    assert not call.pending, "start still waits"
    return results


async def test_every_source_of_time_is_the_harness_s(sdk):
    code = """
    const node = require("node:timers").setTimeout === setTimeout;
    const look = () => tell({ now: Date.now(), date: new Date().toISOString(), is: new Date() instanceof Date,
                              ran: performance.now(), node });
    look(); window.setTimeout(look, 2500);
    """
    async with await sdk(code) as client:
        first, second = await told_by(client, 2.5)

    date = {"date": "2026-01-01T00:00:00.000Z", "is": True, "node": True}
    assert {"now": EPOCH_MS, "ran": 0, **date} == first
    assert {"now": EPOCH_MS + 2500, "ran": 2500, **date, "date": "2026-01-01T00:00:02.500Z"} == second


async def test_one_step_fires_one_timer_never_past_its_end(sdk):
    code = "for (const ms of [3000, 1000, 1000]) setTimeout(() => tell({ ms }), ms);"
    async with await sdk(code) as client:
        results = await told_by(client, 10.0)
        assert ([{"ms": 1000}], 1.0) == (results, (await client.state()).now)

        state = await client.step(2.0)
        assert (1.0, 3.0, 1) == (state.now, state.next_timer, state.timers)

        state = await client.step(2.0)
        assert (2.0, 2) == (state.now, len(results))


async def test_a_time_that_went_through_seconds_still_hits_its_timer(sdk):
    code = (
        "let n = 0; const again = () => { n += 1; tell({ n }); setTimeout(again, 0.1 * 1000 + n); }; again();"
    )
    async with await sdk(code) as client:
        results = await told_by(client)
        for _ in range(100):
            state = await client.state()
            state = await client.step(state.next_timer)

    assert 101 == len(results)


async def test_abort_signals_time_out_in_stepped_time(sdk):
    code = """
    AbortSignal.timeout(5000).addEventListener("abort", ({ target }) => tell({ why: target.reason.name }));
    """
    async with await sdk(code) as client:
        assert [{"why": "TimeoutError"}] == await told_by(client, 5.0)


async def test_what_escapes_the_sdk_is_in_the_state_and_ends_nothing(sdk):
    code = """
    setTimeout(() => { throw new RangeError("in a timer"); }, 1000);
    const target = new RTCPeerConnection();
    target.onsignalingstatechange = () => { throw new TypeError("in a handler"); };
    await target.setLocalDescription();
    Promise.reject(new Error("nobody listens"));
    """
    async with await sdk(code) as client:
        await told_by(client, 1.0)
        state = await client.state()

    assert {"TypeError: in a handler", "Error: nobody listens", "RangeError: in a timer"} == set(
        state.unhandled_rejections
    )


async def test_what_the_sdk_prints_is_kept_away_from_the_protocol(sdk):
    async with await sdk("process.stdout.write('to stdout\\n'); console.log('to console');") as client:
        await told_by(client)
        await client.state()

    assert ("to stdout", "to console") == client.stderr


async def test_the_same_jitter_in_every_run(sdk):
    jitter = []
    for _ in range(2):
        async with await sdk(
            "tell({ random: [Math.random(), Math.random()], max: Math.max(1, 2) });"
        ) as client:
            jitter += await told_by(client)

    assert jitter[0] == jitter[1]
    assert jitter[0]["random"][0] != jitter[0]["random"][1]


async def test_media_that_ends_tells_the_page(sdk):
    code = """
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    stream.getVideoTracks()[0].onended = () => tell({ active: stream.active });
    """
    async with await sdk(code) as client:
        results = await told_by(client)
        await client.media("end")
        await client.state()

    assert [{"active": False}] == results


async def test_a_package_folder_is_found_by_its_path(sdk_dir):
    command = node_command(str(sdk_dir / "node_modules" / "@overshoot" / "sdk"))

    async with await DriverClient.launch(command) as client:
        assert "0.1.0-alpha.2" == client.hello.version


async def test_a_bundle_without_the_sdk_is_told_so(sdk):
    with pytest.raises(DriverError, match=r"exports no RealtimeVision \(but Something\)"):
        await sdk("", exported="Something")


async def test_a_bundle_that_does_not_even_load_is_told_so(sdk):
    with pytest.raises(DriverError, match="Unexpected token"):
        await sdk("}}")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "usage: node overshoot.mjs PACKAGE_OR_PATH"),
        (["--speed", "9"], "Unknown option '--speed'"),
        (["@overshoot/no-such-sdk"], "cannot find @overshoot/no-such-sdk"),
        (["sdk.mjs"], "is an ES module"),
        (["."], "holds no package.json"),
        (["bundle.cjs"], "@sinonjs/fake-timers is missing: npm install @sinonjs/fake-timers ws"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(tmp_path, arguments, expected):
    (tmp_path / "sdk.mjs").write_text("export {}", encoding="utf-8")
    (tmp_path / "bundle.cjs").write_text("", encoding="utf-8")
    command = [*node_command("x")[:2], *arguments]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (2, "") == (done.returncode, done.stdout)
    assert expected in done.stderr
    assert 1 == len(done.stderr.splitlines())
