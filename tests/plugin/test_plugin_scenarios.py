"""A test plays a scenario by its marker."""

from __future__ import annotations

SCENARIO = """\
title: One keepalive fails
settings: {lease_ttl: 30}
faults:
  - {action: answer, status: 503, on: {route: keepalive, times: 1}, name: down}
checks:
  - {name: it was refused, at: 10, expect: {fired: down}}
  - {name: the lease is short, expect: {last: {event: LeaseRenewed}, has: {ttl: 30}}}
"""
TESTS = """
    import pytest
    from app import camera, call

    @pytest.mark.overshoot(scenario="plan.yaml")
    async def test_passes(overshoot_clock):
        async with camera() as one:
            await overshoot_clock.advance(5)
            assert 503 == await one.keepalive()
            await overshoot_clock.advance(5)

    @pytest.mark.overshoot(scenario="plan.yaml")
    async def test_fails(overshoot_clock):
        await overshoot_clock.advance(20)

    @pytest.mark.overshoot(scenario="plan.yaml", allow_unfired_faults=True)
    def test_blocks(overshoot):
        assert {"status": "ok"} == call("GET", "/healthz")

    @pytest.mark.overshoot(scenario="wrong.yaml")
    async def test_mistaken(overshoot):
        pass

    @pytest.mark.overshoot(scenario="nowhere.yaml")
    async def test_strays(overshoot):
        pass
"""


def test_checks_and_faults_of_a_scenario_decide_with_the_test(project):
    project.write("tests/plan.yaml", SCENARIO)
    project.write("tests/wrong.yaml", SCENARIO.replace("status: 503", "status: 999"))
    project.write("nowhere.yaml", SCENARIO.replace("route: keepalive", "route: nowhere"))
    project.write("tests/test_plan.py", TESTS)
    project.ini("pythonpath = .")
    result = project.pytest("--overshoot-fake")

    out = result.stdout.str()
    assert 1 == result.parseoutcomes()["passed"], out
    for said in (
        "overshoot: scenario 'One keepalive fails': 2 of 2 checks failed",
        "it was refused (",
        "expected  at least 1 × fault down",
        "overshoot: 1 fault never fired",
        "the scenario was over at",
        "wrong.yaml:4: faults[0].status: 999 is not an HTTP status from 200 to 599",
        "nowhere.yaml:4: faults[0].on.route: there is no 'nowhere'",
    ):
        assert said in out
