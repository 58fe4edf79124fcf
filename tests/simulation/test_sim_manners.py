"""The manners of asyncio's own loop, servers and sockets, where a program relies on them."""

from __future__ import annotations

import asyncio
import contextvars
import ssl

import pytest

from overshoot_testkit.simulation import ClockHeldError, owner, run

HOST = "shop.test"


async def serve(handle):
    loop().network.add_host(HOST)
    return await asyncio.start_server(handle, HOST, 80)


def loop():
    return asyncio.get_running_loop()


def test_who_writes_to_an_end_that_is_closed_learns_of_it():
    async def story():
        async with await serve(lambda _, writer: writer.close()):
            reader, writer = await asyncio.open_connection(HOST, 80)
            ended = await reader.read()
            writer.write(b"is anybody there?")
            await asyncio.sleep(1)
            writer.write(b"nobody")
            await asyncio.sleep(1)
            with pytest.raises(ConnectionError):
                await writer.drain()
            return ended

    assert b"" == run(story)


def test_serving_for_ever_ends_when_the_server_is_closed():
    async def story():
        server = await serve(lambda *_: None)
        serving = asyncio.create_task(server.serve_forever())
        await asyncio.sleep(10)
        server.close()
        await asyncio.wait([serving], timeout=60)
        return serving.cancelled(), loop().time()

    assert (True, 10.0) == run(story)


def test_a_task_belongs_to_the_owner_in_the_context_that_it_is_given():
    async def story():
        theirs = contextvars.copy_context()
        theirs.run(owner.set, "client")
        task = loop().create_task(asyncio.sleep(60), name="theirs", context=theirs)
        await asyncio.sleep(0)
        held = loop().inventory("client").tasks, loop().inventory("").tasks
        task.cancel()
        return held

    (client,), mine = run(story)
    assert client.startswith("theirs ")
    assert () == mine


def test_a_connections_socket_stays_non_blocking():
    async def story():
        async with await serve(lambda _, writer: writer.close()):
            _, writer = await asyncio.open_connection(HOST, 80)
            sock = writer.get_extra_info("socket")
            for block in (lambda: sock.setblocking(True), lambda: sock.settimeout(5)):
                with pytest.raises(ValueError, match="stays non-blocking"):
                    block()
            sock.setblocking(False)
            writer.close()
            await writer.wait_closed()
            return sock.getblocking()

    assert run(story) is False


def test_any_address_leads_to_this_machine():
    async def story():
        async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 80):
            reader, writer = await asyncio.open_connection("0.0.0.0", 80)
            writer.close()
            return await reader.read()

    assert b"" == run(story)


def test_a_server_with_a_certificate_believes_in_it():
    async def story():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        seen = []

        def handle(_, writer):
            seen.append(writer.get_extra_info("sslcontext") is context)
            writer.close()

        loop().network.add_host(HOST)
        server = await asyncio.start_server(handle, HOST, 443, ssl=context)
        listening = server.sockets[0]
        with pytest.raises(OSError, match="not connected"):
            listening.getpeername()
        async with server:
            reader, writer = await asyncio.open_connection(HOST, 443)
            await reader.read()
            writer.close()
        return seen

    assert [True] == run(story)


def test_a_program_that_is_never_idle_is_stopped():
    async def story():
        while True:  # noqa: ASYNC110 - the loop is never idle, so time never moves
            await asyncio.sleep(0)

    with pytest.raises(ClockHeldError, match="after 1001 turns of the loop"):
        run(story, spin_limit=1000)


def test_a_name_for_certificates_means_nothing_without_tls():
    async def story():
        with pytest.raises(ValueError, match="server_hostname is only meaningful with ssl"):
            await loop().create_connection(asyncio.Protocol, HOST, 80, server_hostname=HOST)

    run(story)


class OwnContext(ssl.SSLContext):
    """As a library that brings its own way to check certificates."""

    def wrap_bio(self, *arguments, **options):
        return super().wrap_bio(*arguments, **options)


def test_tls_of_another_class_is_passed_through_too_and_comes_back_afterwards():
    original = vars(OwnContext)["wrap_bio"]

    def wrapped() -> str:
        context = OwnContext(ssl.PROTOCOL_TLS_CLIENT)
        return type(context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=HOST)).__name__

    async def story():
        return wrapped(), vars(OwnContext)["wrap_bio"] is original

    assert ("PassThrough", False) == run(story)
    assert "SSLObject" == wrapped()
    assert vars(OwnContext)["wrap_bio"] is original
