"""Who may drive the fake, and who may not."""

from __future__ import annotations

import aiohttp
import pytest

from overshoot_testkit.admin import AdminServer
from overshoot_testkit.fakes.base import PortInUseError, RemoteHostError
from overshoot_testkit.fakes.overshoot import OvershootFake

TOKEN = "a-token-of-some-length"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Host": "evil.test"},
        {"Host": "evil.test:80", "Origin": "http://evil.test:80"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_page_of_another_origin_cannot_drive_it(program, headers):
    for method, path in (("POST", "/reset"), ("GET", "/journal"), ("GET", "/ui")):
        status, told = await program.ask(method, path, headers=headers)
        assert (403, True) == (status, told["error"] in {"forbidden_origin", "forbidden_host"})


async def test_its_own_page_can_and_so_can_a_link_to_it(program):
    origin = program.admin.url.removesuffix("/_testkit")
    own = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    assert 200 == (await program.ask("POST", "/reset", headers=own))[0]

    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert 200 == (await program.ask("GET", "/ui", headers=followed))[0]
    assert 403 == (await program.ask("POST", "/reset", headers=followed))[0]


async def test_with_a_token_every_request_needs_it(serving):
    async with serving(token=TOKEN) as program:
        assert 401 == (await program.ask("GET", "/clock"))[0]
        assert 401 == (await program.ask("GET", "/ui"))[0]
        for wrong in ("Bearer other", "Bearer", f"Basic {TOKEN}", "Bearer tökens"):
            headers = {"Authorization": wrong}
            assert 401 == (await program.ask("GET", "/clock", headers=headers))[0]

        program.headers = {"Authorization": f"Bearer {TOKEN}"}
        assert 200 == (await program.ask("GET", "/clock"))[0]


async def test_a_browser_shows_the_token_once_and_gets_a_cookie(serving):
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an IP address
    async with serving(token=TOKEN) as program, aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(f"{program.admin.url}/ui?token=wrong-{TOKEN}") as answer:
            assert 401 == answer.status
        async with browser.get(f"{program.admin.url}/ui?token={TOKEN}") as answer:
            assert (200, "text/html") == (answer.status, answer.content_type)
            assert "token" not in str(answer.url)
            cookie = answer.history[0].headers["Set-Cookie"]
            assert all(each in cookie for each in ("HttpOnly", "SameSite=Strict", "Path=/_testkit"))
            assert TOKEN not in cookie
        async with browser.post(f"{program.admin.url}/reset") as answer:
            assert 200 == answer.status


async def test_other_hosts_need_a_token_of_some_length():
    async with OvershootFake() as fake:
        with pytest.raises(RemoteHostError, match="admin-token"):
            await AdminServer(fake).listen("0.0.0.0")
        with pytest.raises(ValueError, match="at least 16"):
            AdminServer(fake, token="short")
        admin = AdminServer(fake, token=TOKEN)
        await admin.listen("0.0.0.0")
        await admin.aclose()


async def test_a_port_in_use_is_said(program):
    port = int(program.admin.url.rpartition(":")[2].partition("/")[0])
    with pytest.raises(PortInUseError, match="is in use"):
        await AdminServer(program.fake).listen(port=port)


async def test_the_page_and_its_files(program):
    async with program.http.get(f"{program.admin.url}/ui") as answer:
        assert (200, "text/html") == (answer.status, answer.content_type)
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    kinds = {"app.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml"}
    for name, kind in kinds.items():
        async with program.http.get(f"{program.admin.url}/ui/{name}") as answer:
            assert (200, kind) == (answer.status, answer.content_type)
    for name in ("nothing.js", "..%2f__init__.py", "__init__.py", "app.js%00"):
        assert 404 == (await program.ask("GET", f"/ui/{name}"))[0]
