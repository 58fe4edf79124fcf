"""Profiles: settings in files, mistakes told by file, line and field."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from importlib.resources import files

import pytest
from fake_stories import FRAME, ending, story

from overshoot_testkit.documents import DocumentError
from overshoot_testkit.fakes.overshoot import Account, ResultSettings, Settings
from overshoot_testkit.fakes.overshoot.profiles import load_profile, profile_names, settings_from
from overshoot_testkit.faults import LogNormal, Uniform

OLDER, STRICT = load_profile("older"), load_profile("strict")


def shipped(name):
    return tomllib.loads((files("overshoot_testkit.fixtures.profiles") / f"{name}.toml").read_text("utf-8"))


def as_mapping(settings):
    return {each.name: getattr(settings, each.name) for each in dataclasses.fields(settings)}


def problem_of(path, text):
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as raised:
        load_profile(path)
    return str(raised.value).replace(str(path), path.name)


def test_three_profiles_are_shipped():
    assert ("older", "seed", "strict") == profile_names()


def test_the_seed_has_every_setting_with_its_default():
    assert Settings() == load_profile("seed")
    without = {"generate", "keepalive_ttl"}  # a function, and nothing, which TOML cannot say
    assert {each.name for each in dataclasses.fields(Settings)} - without == shipped("seed").keys()
    assert {each.name for each in dataclasses.fields(ResultSettings)} == shipped("seed")["results"].keys()


@pytest.mark.parametrize("name", ["older", "strict"])
def test_the_others_say_only_what_is_different(name):
    default, settings = as_mapping(Settings()), as_mapping(load_profile(name))

    assert shipped(name).keys() == {each for each in settings if settings[each] != default[each]}


@story(**as_mapping(OLDER))
async def test_an_older_server(wire):
    status, created = await wire.call("POST", "/streams", json=FRAME)
    stream = created["stream_id"]
    async with wire.session.post(
        f"{wire.fake.base_url}/streams/{stream}/keepalive", headers={"Authorization": f"Bearer {wire.key}"}
    ) as answer:
        renewed = await answer.json()

    assert (201, 30) == (status, created["lease"]["ttl_seconds"])
    assert {"status", "stream_id", "ttl_seconds", "state", "livekit_token"} == renewed.keys()
    assert [200, 404] == [(await wire.delete(stream))[0] for _ in range(2)]


@story(**as_mapping(STRICT))
async def test_a_strict_server(wire):
    stream = await wire.create()
    unknown = {**FRAME, "inference": {"prompt": "x", "model": "Qwen/Qwen3.5-9b"}}

    assert 422 == (await wire.call("POST", "/streams", json=unknown))[0]
    assert [45, 30, 30] == [(await wire.keepalive(stream))[1]["ttl_seconds"] for _ in range(3)]
    assert (1008, "authentication timed out") == await ending(await wire.open_socket(stream))
    assert 2.0 == wire.clock.now()
    wire.fake.account().empty()
    assert 402 == (await wire.keepalive(stream))[0]
    assert "insufficient_credits" == wire.fake.stream(stream).ended_reason


TOML = """
lease_ttl = 90
total_latency_ms = {uniform = {low = 300, high = 900}}
[results]
failed = 0.5
[accounts.ovs_mine]
credits_cents = 5
"""
YAML = """
lease_ttl: 90
total_latency_ms: {uniform: {low: 300, high: 900}}
results: {failed: 0.5}
accounts: {ovs_mine: {credits_cents: 5}}
"""
JSON = json.dumps(tomllib.loads(TOML))


@pytest.mark.parametrize(("name", "text"), [("my.toml", TOML), ("my.yaml", YAML), ("my.json", JSON)])
def test_a_file_of_ones_own(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    assert Settings(
        lease_ttl=90,
        total_latency_ms=Uniform(300, 900),
        results=ResultSettings(failed=0.5),
        accounts={"ovs_mine": Account(5)},
    ) == load_profile(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lease_ttl = 30\nlease_tll = 45", "p.toml:2: lease_tll: nothing has this name; did you mean "),
        ('\nlease_ttl = "45"', "p.toml:2: lease_ttl: must be a whole number, not '45'"),
        ("lease_ttl = true", "p.toml:1: lease_ttl: must be a whole number, not True"),
        ("seed = 1\nlease_ttl = 0", "p.toml:2: lease_ttl: 0 must be greater than 0"),
        ('late_delete = "never"', "p.toml:1: late_delete: must be '204' or '404', not 'never'"),
        ("[results]\nfailed = 2", "p.toml:2: results.failed: 2.0 is no share; give one from 0 to 1"),
        ("[results]\nfail = 1", "p.toml:2: results.fail: nothing has this name; did you mean 'failed'?"),
        ("[results]\nerrors = 'x'", "p.toml:2: results.errors: must be a list, not 'x'"),
        ("[results]\njitter = {uniform = {low = 3, high = 1}}", "p.toml:2: results.jitter.uniform: "),
        ("[results]\njitter = {unifrom = {low = 1, high = 3}}", "p.toml:2: results.jitter.unifrom: nothing "),
        ("[results]\njitter = {}", "p.toml:2: results.jitter: give uniform = {low, high} or lognormal"),
        ("[results]\njitter = 'x'", "p.toml:2: results.jitter: must be a number, not 'x'"),
        ("[accounts.ovs_a]\ncredits = 5", "p.toml:2: accounts.ovs_a.credits: nothing has this name; did you"),
        ("[accounts.ovs_a]\ncredits_cents = -5.0", "p.toml:2: accounts.ovs_a.credits_cents: -5.0 must be 0"),
        ("[models]\nM = 'busy'", "p.toml:2: models.M: must be 'ready', 'degraded', 'sat"),
        ("generate = 'x'", "p.toml:1: generate: nothing has this name"),
        ("rejected_model_status = 200", "p.toml:1: rejected_model_status: 200 is no refusal"),
        ("unknown_stream_code = 1006", "p.toml:1: unknown_stream_code: 1006 cannot be sent"),
        ("keepalive_ttls = [30, 0]", "p.toml:1: keepalive_ttls: each of (30, 0) must be greater than 0"),
        ("lease_ttl = ", "p.toml:1: not TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_file_line_and_field(tmp_path, text, expected):
    assert problem_of(tmp_path / "p.toml", text).startswith(expected)


def test_a_profile_that_does_not_exist(tmp_path):
    with pytest.raises(DocumentError, match=r"strcit: there is no such profile; did you mean 'strict'\?"):
        load_profile("strcit")
    with pytest.raises(DocumentError, match="No such file"):
        load_profile(tmp_path / "none.toml")
    assert "p.json: a mapping of settings is needed" == problem_of(tmp_path / "p.json", "[]")


def test_settings_are_taken_on_top_of_others():
    base = Settings(lease_ttl=30, results=ResultSettings(failed=0.5))

    settings = settings_from(
        {
            "results": {"burst": 3},
            "late_delete": 404,
            "keepalive_ttls": [20],
            "first_result_latency": Uniform(1, 2),
        },
        base,
    )

    assert (30, ResultSettings(failed=0.5, burst=3)) == (settings.lease_ttl, settings.results)
    assert ("404", (20,), Uniform(1, 2)) == (
        settings.late_delete, settings.keepalive_ttls, settings.first_result_latency
    )  # fmt: skip
    assert Settings() == settings_from({})
    assert Settings(generate=str) == settings_from({"generate": str})
    assert Settings(accounts={"ovs_a": Account(1)}) == settings_from({"accounts": {"ovs_a": Account(1)}})


@story()
async def test_a_running_fake_takes_what_profiles_take(wire):
    wire.fake.change(
        results={"burst": 2}, keepalive_ttls=[9], total_latency_ms={"lognormal": {"median": 500, "sigma": 1}}
    )
    wire.fake.change(results={"failed": 0.25})

    settings = wire.fake.settings
    assert ResultSettings(failed=0.25, burst=2) == settings.results
    assert ((9,), LogNormal(500, 1)) == (settings.keepalive_ttls, settings.total_latency_ms)
    for name, value in (("lease_tll", 3), ("results", {"fail": 1})):
        with pytest.raises(ValueError, match="did you mean"):
            wire.fake.change(**{name: value})
    with pytest.raises(ValueError, match=r"seed: set from the start"):
        wire.fake.change(seed=3)


@story(keepalive_ttls=(30, 60, 20))
async def test_what_a_keepalive_grants_can_change(wire):
    stream = await wire.create()
    granted = [(await wire.keepalive(stream))[1]["ttl_seconds"] for _ in range(4)]

    assert [30, 60, 20, 20] == granted
    await wire.clock.sleep(100)
    assert 20.0 == wire.fake.stream(stream).ended_at
