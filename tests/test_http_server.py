"""A real server process: real sockets, a real stop, and what it leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.http_support import CANARY, EMERGENCY, PASSAGE

PATIENCE = 60.0


class Server:
    """A `quotewell serve` of our own on a free port, its log kept line by line.

    Other commands than `serve` are started by their words.
    """

    def __init__(self, folder: Path, *command: str, **environ: str) -> None:
        self.database = folder / "kept.db"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", *(command or ("serve",)), "--port", "0"],
            env={
                **os.environ,
                "QUOTEWELL_DATABASE_URL": f"sqlite:///{self.database}",
                "QUOTEWELL_LOG_FORMAT": "json",
                **environ,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._has_ended = False
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        """Where it listens, as its log says."""
        found = self.wait_for(r'"event": "ready", "url": "([^"]+)"')
        return found.group(1)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first match in its log, waited for."""
        with self._told:
            self._told.wait_for(
                lambda: self._has_ended or re.search(pattern, self.log), timeout=PATIENCE
            )
        found = re.search(pattern, self.log)
        if not found:
            pytest.fail(f"no {pattern} in the log:\n{self.log}")
        return found

    @property
    def log(self) -> str:
        """All that it has written."""
        return "".join(self.lines)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and wait for the end; the exit status."""
        self.process.send_signal(how)
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._told:
                self.lines.append(line)
                self._told.notify_all()
        with self._told:
            self._has_ended = True
            self._told.notify_all()


@contextmanager
def served(folder: Path, **environ: str) -> Iterator[Server]:
    server = Server(folder, **environ)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait(PATIENCE)
        assert server.process.stdout
        server.process.stdout.close()


def n_replies(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        [(n,)] = connection.execute("select count(*) from replies")
    connection.close()
    return int(n)


def test_a_server_answers_stops_when_told_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    with served(tmp_path) as server, httpx2.Client(base_url=server.url) as client:
        answer = client.post("/v1/ask", json={"choice": PASSAGE})
        urgent = client.post("/v1/ask", json={"question": f"{EMERGENCY} {CANARY}"})
        assert answer.json()["outcome"] == "answer"
        assert urgent.json()["outcome"] == "emergency"
        assert "server" not in answer.headers
        assert client.get("/readyz").status_code == 200
        assert server.stop() == 0
    assert n_replies(server.database) == 2
    assert CANARY not in server.log
    assert CANARY.encode() not in server.database.read_bytes()
    requests = [json.loads(line) for line in server.lines if '"event": "request"' in line]
    assert [r["outcome"] for r in requests if "outcome" in r] == ["answer", "emergency"]


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    with served(tmp_path) as server, httpx2.Client(base_url=server.url) as client:
        for _ in range(5):
            assert client.post("/v1/ask", json={"choice": PASSAGE}).status_code == 200
        server.stop(signal.SIGKILL)
    assert n_replies(server.database) == 5


def test_a_request_under_way_is_finished_before_the_stop(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        url = httpx2.URL(server.url)
        body = json.dumps({"choice": PASSAGE}).encode()
        head = (
            f"POST /v1/ask HTTP/1.1\r\nHost: {url.host}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE) as connection:
            connection.sendall(head.encode() + body[:5])
            # The server has read the head when another connection, made later, is answered.
            assert httpx2.get(f"{server.url}healthz").status_code == 200
            server.process.send_signal(signal.SIGTERM)
            connection.sendall(body[5:])
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        assert server.process.wait(PATIENCE) == 0
    assert received.startswith(b"HTTP/1.1 200")
    assert b'"outcome":"answer"' in received


def test_bytes_that_are_no_http_do_not_hurt_the_server(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        url = httpx2.URL(server.url)
        with socket.create_connection((url.host, url.port or 80), timeout=PATIENCE) as connection:
            connection.sendall(CANARY.encode() + b"\x00\xff\r\n\r\n")
            connection.recv(65536)
        assert httpx2.get(f"{server.url}healthz").status_code == 200
        assert server.stop(signal.SIGINT) == 0
    assert CANARY not in server.log


def test_the_start_is_refused_with_a_clear_line_where_the_guides_are_missing(
    tmp_path: Path,
) -> None:
    with served(tmp_path, QUOTEWELL_CORPUS_DIR=str(tmp_path / "nowhere")) as server:
        status = server.process.wait(PATIENCE)
        server.wait_for("nowhere")
    assert status not in (0, None)
    assert "Traceback" not in server.log
