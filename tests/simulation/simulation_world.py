"""A small server that the stories of this folder talk to."""

from __future__ import annotations

import asyncio
import contextlib

from aiohttp import web

HOST = "api.overshoot.ai"
API = f"https://{HOST}/v0.2"


async def healthz(request: web.Request) -> web.Response:
    """Tells which connection was used, by the client's port."""
    return web.json_response({"host": request.host, "port": request.transport.get_extra_info("peername")[1]})


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(f"echo {message.data}")
    return socket


async def completion(request: web.Request) -> web.Response:
    body = await request.json()
    message = {"role": "assistant", "content": f"you said {body['messages'][-1]['content']}"}
    return web.json_response(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        }
    )


async def count_upload(request: web.Request) -> web.Response:
    total = 0
    async for chunk in request.content.iter_any():
        total += len(chunk)
    return web.json_response({"bytes": total})


async def download(request: web.Request) -> web.Response:
    return web.Response(body=bytes(int(request.query["bytes"])))


@contextlib.asynccontextmanager
async def serving(host: str = HOST, port: int = 443, **settings):
    """Serve the application; gives the site, whose `.port` is the bound one."""
    app = web.Application(client_max_size=2**30)
    app.router.add_get("/v0.2/healthz", healthz)
    app.router.add_get("/v0.2/echo", echo)
    app.router.add_route("*", "/v0.2/download", download)
    app.router.add_post("/v0.2/upload", count_upload)
    app.router.add_post("/v0.2/chat/completions", completion)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, **settings)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    try:
        yield site
    finally:
        await runner.cleanup()


def loop():
    return asyncio.get_running_loop()
