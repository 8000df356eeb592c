"""A receiver of webhooks on this machine: real sockets, and statuses as a test wants them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@dataclass(frozen=True)
class Got:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """What has arrived, and what to answer: a status, or a status with headers, per request."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Callable[[int], tuple[int, dict[str, str]]] = lambda _n: (204, {})
    _news: threading.Condition = field(default_factory=threading.Condition)

    def note(self, got: Got) -> int:
        """Keep a request; how many came before it."""
        with self._news:
            self.got.append(got)
            self._news.notify_all()
            return len(self.got) - 1

    def wait_for(self, n: int, seconds: float = 20) -> list[Got]:
        """The first n requests, waited for."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.got) >= n, seconds), len(self.got)
            return self.got[:n]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of the loopback interface."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more = receiver.answer(receiver.note(Got(self.path, headers, body)))
            self.send_response(status)
            for name, value in {"Content-Length": "0", **more}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?of=clinic"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
