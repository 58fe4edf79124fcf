"""Unmodified clients reach an in-process server by its real name."""

from __future__ import annotations

import asyncio

import aiohttp
import httpx
import openai
import pytest
import websockets
from simulation_world import API, HOST, loop, serving

from overshoot_testkit.simulation import run


def test_aiohttp_speaks_https_and_wss_to_the_vendors_own_name():
    async def story():
        async with serving(), aiohttp.ClientSession() as session:
            async with session.get(f"{API}/healthz") as response:
                answer = response.status, (await response.json())["host"]
            async with session.ws_connect(f"wss://{HOST}/v0.2/echo") as socket:
                await socket.send_str("hello")
                return answer, await socket.receive_str(), socket.close_code

    assert ((200, HOST), "echo hello", None) == run(story)


def test_httpx_speaks_https():
    async def story():
        async with serving(), httpx.AsyncClient() as client:
            response = await client.get(f"{API}/healthz")
            return response.status_code, response.json()["host"]

    assert (200, HOST) == run(story)


def test_openai_completes_a_chat():
    async def story():
        async with serving(), openai.AsyncOpenAI(api_key="key", base_url=API) as client:
            answer = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "look"}]
            )
            return answer.choices[0].message.content

    assert "you said look" == run(story)


def test_websockets_echoes_and_closes_in_order():
    async def story():
        async with serving(), websockets.connect(f"wss://{HOST}/v0.2/echo") as socket:
            await socket.send("hello")
            answer = await socket.recv()
            await socket.close()
            return answer, socket.close_code

    assert ("echo hello", 1000) == run(story)


def test_streams_of_asyncio_itself_work_and_can_be_upgraded_to_tls():
    async def story():
        async with serving():
            reader, writer = await asyncio.open_connection(HOST, 443)
            await writer.start_tls(True)
            writer.write(b"GET /v0.2/healthz HTTP/1.0\r\nHost: x\r\n\r\n")
            status = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return status

    assert b"HTTP/1.0 200 OK\r\n" == run(story)


@pytest.mark.parametrize(
    ("idle", "same_connection"), [(10, True), (14.5, True), (15.5, False), (20, False), (3000, False)]
)
def test_aiohttp_uses_no_connection_that_was_idle_for_its_15_seconds(idle, same_connection):
    async def story():
        async with serving(), aiohttp.ClientSession() as session:
            ports = []
            for _ in range(2):
                async with session.get(f"{API}/healthz") as response:
                    ports.append((await response.json())["port"])
                await asyncio.sleep(idle)
            return ports[0] == ports[1]

    assert same_connection is run(story)


@pytest.mark.parametrize(("idle", "same_connection"), [(4.5, True), (5.5, False)])
def test_httpx_uses_no_connection_that_was_idle_for_its_5_seconds(idle, same_connection):
    async def story():
        async with serving(), httpx.AsyncClient() as client:
            ports = []
            for _ in range(2):
                ports.append((await client.get(f"{API}/healthz")).json()["port"])
                await asyncio.sleep(idle)
            return ports[0] == ports[1]

    assert same_connection is run(story)


def test_httpx_sees_that_the_server_has_closed_an_idle_connection():
    """It polls the connection's descriptor, so that has to be readable then, and silent before."""

    async def story():
        limits = httpx.Limits(keepalive_expiry=600)
        async with serving(keepalive_timeout=30), httpx.AsyncClient(limits=limits) as client:
            ports = []
            for idle in (10, 40, 0):
                ports.append((await client.get(f"{API}/healthz")).json()["port"])
                await asyncio.sleep(idle)
            return ports[0] == ports[1], ports[1] == ports[2]

    assert (True, False) == run(story)


def test_a_url_by_loopback_address_stays_in_memory_too():
    async def story():
        async with serving("127.0.0.1", 0) as site, aiohttp.ClientSession() as session:
            for name in ("127.0.0.1", "localhost"):
                async with session.get(f"http://{name}:{site.port}/v0.2/healthz") as response:
                    assert 200 == response.status
            return site.port, len(loop().network.connections()), loop().network.name_of("127.0.0.1")

    assert (57344, 2, "localhost") == run(story)


def test_a_server_on_every_interface_is_every_host():
    async def story():
        async with serving("0.0.0.0"), aiohttp.ClientSession() as session:
            loop().network.add_host("one.test")
            async with session.get("https://one.test/v0.2/healthz") as response:
                return response.status

    assert 200 == run(story)


def test_an_unknown_name_says_how_to_add_it():
    async def story():
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorDNSError, match=r"no host 'nowhere\.test'.*add_host"):
                await session.get("https://nowhere.test/")
        async with httpx.AsyncClient() as client:
            with pytest.raises(httpx.ConnectError, match=r"no host 'nowhere\.test'.*add_host"):
                await client.get("https://nowhere.test/")
        with pytest.raises(OSError, match=r"10\.0\.0\.1.*add_host"):
            await asyncio.open_connection("10.0.0.1", 80)

    run(story)


def test_addresses_are_reserved_ones_in_the_order_of_the_hosts():
    async def story():
        network = loop().network
        first = [network.add_host(name) for name in ("a.test", "b.test", "a.test", "10.1.2.3")]
        infos = await loop().getaddrinfo("B.test.", "https")
        return first, infos[0][4], await loop().getnameinfo(infos[0][4])

    expected = (
        ["198.18.0.2", "198.18.0.3", "198.18.0.2", "10.1.2.3"],
        ("198.18.0.3", 443),
        ("b.test", "443"),
    )

    assert expected == run(story)


def test_a_port_is_taken_once_and_free_again_after_the_close():
    async def story():
        async with serving():
            with pytest.raises(OSError, match="address already in use"):
                await loop().create_server(asyncio.Protocol, HOST, 443)
        async with serving(), aiohttp.ClientSession() as session, session.get(f"{API}/healthz") as response:
            return response.status

    assert 200 == run(story)


def test_a_deploy_refuses_connections_until_the_server_is_back():
    async def story():
        async with aiohttp.ClientSession() as session:
            seen = []
            async with serving():
                pass
            for _ in range(2):
                try:
                    async with session.get(f"{API}/healthz") as response:
                        seen.append(response.status)
                except aiohttp.ClientConnectorError as error:
                    seen.append(type(error.os_error).__name__)
                    loop().network.add_host(HOST)
                    server = serving()
                    await server.__aenter__()
            await server.__aexit__(None, None, None)
            return seen

    assert ["ConnectionRefusedError", 200] == run(story)
