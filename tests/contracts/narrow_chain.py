"""A chain's endpoint that searches only so many blocks for events at once, as hosted ones do."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@contextmanager
def narrow(url: str, most_blocks: int) -> Iterator[str]:
    """Pass everything on to `url` but searches of more blocks; yields the endpoint's URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = json.loads(body)
            answer = _passed_on(url, body)
            if asked["method"] == "eth_getLogs" and _blocks(asked["params"][0]) > most_blocks:
                error = {"code": -32005, "message": f"search at most {most_blocks} blocks"}
                answer = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _passed_on(url: str, body: bytes) -> bytes:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        found: bytes = answer.read()
        return found


def _blocks(search: dict[str, Any]) -> int:
    return int(search["toBlock"], 16) - int(search["fromBlock"], 16) + 1
