"""What the browser's stories need beside a browser: the fake as people start it, pages of another origin."""

from __future__ import annotations

import contextlib
import http.server
import json
import select
import socket
import socketserver
import subprocess
import sys
import threading
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

ORDER = {
    "processing": {"interval_seconds": 2.0},
    "inference": {"prompt": "Is the door open?", "model": "Qwen/Qwen3.5-9B"},
}


class Served:
    """`overshoot-testkit serve`, with a client for its API and one for its admin API."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "overshoot_testkit", "serve", "--json", "--port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"serve ended at once, with exit status {self.process.wait()}"
        self.ready = json.loads(line)
        self.reader = threading.Thread(target=self.process.stdout.read)
        self.reader.start()  # a pipe that nobody reads fills up
        self.url: str = self.ready["url"]
        self.key: str = self.ready["api_key"]
        self.admin_url: str = self.ready["admin_url"]
        self.api = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"})
        self.admin = httpx.Client(base_url=self.admin_url)

    def close(self) -> None:
        self.api.close()
        self.admin.close()
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def create(self, prompt: str = "Is the door open?") -> str:
        order = {**ORDER, "inference": {**ORDER["inference"], "prompt": prompt}}
        answer = self.api.post("/streams", json=order)
        assert 201 == answer.status_code, answer.text
        return answer.json()["stream_id"]

    def keepalive(self, stream: str) -> int:
        return self.api.post(f"/streams/{stream}/keepalive").status_code

    def advance(self, seconds: float) -> None:
        self.ask("POST", "/clock/advance", {"seconds": seconds})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.admin.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


class _Blank(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = b"<!doctype html><link rel=icon href=data:,><title>An app</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        pass


class _Relay(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        doorway: Doorway = self.server.doorway  # type: ignore[attr-defined]
        if doorway.shut:
            self.request.recv(65536)
            self.request.sendall(
                b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            return
        with contextlib.suppress(OSError), socket.create_connection(doorway.target) as there:
            doorway.open |= {self.request, there}
            ends = [self.request, there]
            while True:
                for end in select.select(ends, [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end is self.request].sendall(data)


class _Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False


class _Hosted:
    """A server in a thread, on a port of 127.0.0.1."""

    server: socketserver.BaseServer

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


class Elsewhere(_Hosted):
    """A web server of another origin, whose every page is blank."""

    def __init__(self) -> None:
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Blank)
        self.server.daemon_threads = True  # a browser keeps its connections


class Doorway(_Hosted):
    """The way from the page to the admin API, which `cut()` breaks for all who are on it.

    While `shut`, whoever comes gets 502, as from a proxy whose server is away.
    """

    shut = False

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname, parts.port)
        self.open: set[socket.socket] = set()
        self.server = _Threads(("127.0.0.1", 0), _Relay)
        self.server.doorway = self  # type: ignore[attr-defined]

    def cut(self) -> None:
        for end in tuple(self.open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.open.clear()

    def __exit__(self, *how: object) -> None:
        self.cut()
        super().__exit__(*how)
