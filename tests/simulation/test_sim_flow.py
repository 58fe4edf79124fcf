"""Flow control: who writes faster than the other reads has to wait."""

from __future__ import annotations

import asyncio
import io

import aiohttp
import httpx
from simulation_world import API, HOST, serving

from overshoot_testkit.simulation import run
from overshoot_testkit.simulation._pipe import PIECE, WINDOW

FIFTY_MEGABYTES = 50 * 1024 * 1024


def test_a_body_of_50_megabytes_goes_both_ways():
    async def story():
        async with serving(), aiohttp.ClientSession() as session:
            async with session.post(f"{API}/upload", data=io.BytesIO(bytes(FIFTY_MEGABYTES))) as response:
                up = (await response.json())["bytes"]
            async with session.get(f"{API}/download?bytes={FIFTY_MEGABYTES}") as response:
                down = len(await response.read())
        async with serving(), httpx.AsyncClient() as client:
            return (
                up,
                down,
                (await client.post(f"{API}/upload", content=bytes(FIFTY_MEGABYTES))).json()["bytes"],
            )

    assert (FIFTY_MEGABYTES,) * 3 == run(story)


class Sink(asyncio.Protocol):
    """Reads nothing until it is told to."""

    def connection_made(self, transport):
        self.transport = transport
        self.sizes = []
        transport.pause_reading()

    def data_received(self, data):
        self.sizes.append(len(data))


def test_a_writer_is_held_up_by_a_reader_that_does_not_read():
    async def story():
        sink = Sink()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: sink, HOST, 1)
        _, writer = await asyncio.open_connection(HOST, 1)
        sent = 0

        async def pour():
            nonlocal sent
            for _ in range(100):
                writer.write(bytes(64 * 1024))
                sent += 64 * 1024
                await writer.drain()

        pouring = asyncio.create_task(pour())
        await asyncio.sleep(1000)
        held_up_at = sent
        assert not pouring.done()
        sink.transport.resume_reading()
        await pouring
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(1)
        server.close()
        return held_up_at, sum(sink.sizes), max(sink.sizes)

    held_up_at, received, largest = run(story)

    assert WINDOW < held_up_at <= WINDOW + 3 * 64 * 1024
    assert 100 * 64 * 1024 == received
    assert largest <= PIECE


def test_what_was_written_before_a_close_arrives_and_the_close_waits_for_it():
    async def story():
        sink = Sink()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: sink, HOST, 1)
        _, writer = await asyncio.open_connection(HOST, 1)
        writer.write(bytes(FIFTY_MEGABYTES))
        writer.close()
        loop.call_later(50, lambda: sink.transport.resume_reading())  # noqa: PLW0108  (not yet connected)
        await writer.wait_closed()
        closed_at = loop.time()
        await asyncio.sleep(1)
        server.close()
        return closed_at, sum(sink.sizes)

    assert (50.0, FIFTY_MEGABYTES) == run(story)


class InBuffers(asyncio.BufferedProtocol):
    """Takes bytes in buffers of its own, of three bytes."""

    def connection_made(self, transport):
        self.received = b""
        self.ended = asyncio.get_running_loop().create_future()

    def get_buffer(self, sizehint):
        self.buffer = bytearray(3)
        return self.buffer

    def buffer_updated(self, nbytes):
        self.received += self.buffer[:nbytes]

    def eof_received(self):
        self.ended.set_result(self.received)


def test_a_buffered_protocol_gets_its_bytes_in_its_own_buffers():
    async def story():
        protocol = InBuffers()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: protocol, HOST, 1)
        _, writer = await asyncio.open_connection(HOST, 1)
        writer.writelines([b"lor", bytearray(b"em ip"), memoryview(b"sum")])
        writer.write_eof()
        await asyncio.sleep(1)
        server.close()
        writer.close()
        return await protocol.ended

    assert b"lorem ipsum" == run(story)
