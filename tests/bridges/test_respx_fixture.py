"""The fixture `overshoot_respx`, as a project meets it."""

from __future__ import annotations

APP = """
    import os
    import httpx

    ORDER = {
        "processing": {"interval_seconds": 2.0},
        "inference": {"prompt": "what is it?", "model": "Qwen/Qwen3.5-9B"},
    }

    def headers():
        return {"Authorization": "Bearer " + os.environ["OVERSHOOT_API_KEY"]}

    def url(path):
        return os.environ["OVERSHOOT_API_URL"] + path
"""


def test_what_projects_do_with_it_and_what_they_do_wrong(project):
    project.write("app.py", APP)
    project.write(
        "test_app.py",
        """
        import httpx
        import pytest
        from app import ORDER, headers, url
        from overshoot_testkit.faults import Drop

        async def test_async(overshoot_respx, overshoot_fake, overshoot_clock, overshoot_faults):
            overshoot_faults.on(Drop(), route="keepalive", times=1)
            async with httpx.AsyncClient(headers=headers()) as client:
                stream = (await client.post(url("/streams"), json=ORDER)).json()["stream_id"]
                with pytest.raises(httpx.RemoteProtocolError):
                    await client.post(url(f"/streams/{stream}/keepalive"))
                await overshoot_clock.advance(45)
                gone = await client.get("https://api.overshoot.ai/v0.2" f"/streams/{stream}/info")

            assert gone.status_code == 404
            assert overshoot_fake.open_streams() == []
            assert overshoot_respx.calls.call_count == 3

        def test_blocking(overshoot_respx, overshoot_faults, overshoot_journal):
            overshoot_faults.on(Drop(), route="healthz", times=1)
            with pytest.raises(httpx.RemoteProtocolError):
                httpx.get(url("/healthz"))

            assert httpx.get(url("/healthz")).json() == {"status": "ok"}
            assert len(overshoot_journal.exchanges("healthz")) == 2

        @pytest.mark.respx(assert_all_called=True)
        def test_a_router_of_the_tests_own(respx_mock, overshoot_respx):
            own = respx_mock.get("https://example.test/").respond(204)

            assert respx_mock is overshoot_respx
            assert httpx.get("https://example.test/").status_code == 204
            assert httpx.get(url("/healthz")).status_code == 200
        """,
    )

    project.write(
        "test_wrong.py",
        """
        import sys
        import httpx
        import pytest
        from app import ORDER, headers, url

        async def test_async(overshoot_respx):
            async with httpx.AsyncClient(headers=headers()) as client:
                await client.post(url("/streams"), json=ORDER)

        def test_blocking(overshoot_respx):
            httpx.post(url("/streams"), json=ORDER, headers=headers())

        @pytest.fixture
        def without_respx(monkeypatch):
            monkeypatch.setitem(sys.modules, "respx", None)

        def test_it(without_respx, overshoot_respx):
            pass
        """,
    )

    done = project.pytest("--overshoot-fake")

    for line in (
        "*from test_wrong.py:9 in test_async*",
        "*from test_wrong.py:12 in test_blocking*",
        "*pip install 'overshoot-testkit?httpx?'*",
    ):
        done.stdout.fnmatch_lines([line])
    assert 3 == sum(line.startswith(("FAILED test_wrong", "ERROR test_wrong")) for line in done.outlines)
    assert not any(line.startswith(("FAILED test_app", "ERROR test_app")) for line in done.outlines)
