"""Foreign projects: a folder with tests, run by a pytest of its own, where we are only installed."""

from __future__ import annotations

import textwrap

import pytest

APP = """
    '''An application with a client of its own, as an integrator would write one.'''
    import contextlib, json, os, urllib.request
    import aiohttp

    ORDER = {
        "mode": "frame",
        "processing": {"interval_seconds": 2.0},
        "inference": {"prompt": "what is it?", "model": "Qwen/Qwen3.5-9B"},
    }

    class Camera:
        def __init__(self, url=None, key=None):
            self.url = url or os.environ["OVERSHOOT_API_URL"]
            self.headers = {"Authorization": "Bearer " + (key or os.environ["OVERSHOOT_API_KEY"])}
            self.stream = None

        async def start(self):
            self.http = aiohttp.ClientSession(headers=self.headers)
            answer = await self.http.post(self.url + "/streams", json=ORDER)
            self.status = answer.status
            self.stream = (await answer.json()).get("stream_id")
            return self

        async def keepalive(self):
            return (await self.http.post(f"{self.url}/streams/{self.stream}/keepalive")).status

        async def stop(self):
            await self.http.delete(f"{self.url}/streams/{self.stream}")
            await self.http.close()

        async def abandon(self):
            await self.http.close()

    @contextlib.asynccontextmanager
    async def camera():
        one = await Camera().start()
        try:
            yield one
        finally:
            await one.stop()

    def call(method, path, body=None):
        '''A blocking client: the answer's JSON.'''
        data = None if body is None else json.dumps(body).encode()
        headers = {
            "Authorization": "Bearer " + os.environ["OVERSHOOT_API_KEY"], "Content-Type": "application/json"
        }
        request = urllib.request.Request(os.environ["OVERSHOOT_API_URL"] + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")
"""
INI = """
    [pytest]
    asyncio_mode = auto
    asyncio_default_fixture_loop_scope = function
    filterwarnings = error
"""


class Project:
    """A folder, and the pytest that is run in it."""

    def __init__(self, pytester, monkeypatch):
        self.folder = pytester.path
        self._pytester = pytester
        # Not written at all, assertion rewriting would be done anew for every run.
        monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        for name in ("OVERSHOOT_API_URL", "OVERSHOOT_BASE_URL", "OVERSHOOT_API_KEY", "PYTEST_ADDOPTS"):
            monkeypatch.delenv(name, raising=False)
        self.write("app.py", APP)
        self.write("pytest.ini", INI)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def ini(self, text):
        self.write("pytest.ini", INI + textwrap.indent(textwrap.dedent(text), "    "))

    def pytest(self, *arguments, order="as written"):
        # looptime, where the benchmarks have brought it in, takes hold of every loop there is.
        without = ["-p", "no:cacheprovider", "-p", "no:looptime_plugin"]
        if order == "as written":
            without += ["-p", "no:randomly"]
        return self._pytester.runpytest_subprocess(*without, *arguments, timeout=60)


@pytest.fixture(autouse=True)
def _compiled_once(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.getbasetemp() / "compiled"))


@pytest.fixture
def project(pytester, monkeypatch):
    return Project(pytester, monkeypatch)
