"""Serves one market process until it is told to stop."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from market.background.loop import KeeperLoop
from market.main import Market
from protocol.errors import Conflict

GRACE_SECONDS = 3
_STOPPING = (signal.SIGINT, signal.SIGTERM)


def serve(market: Market) -> None:
    """Serve; prints one line of JSON on stdout when requests are answered."""
    loop = KeeperLoop(market.keeper) if market.settings.keeper == "embedded" else None
    if loop is not None:
        market.on_relays.append(loop.wake)
        loop.start()
    config = uvicorn.Config(
        market.app(),
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=75,
    )
    listener = listen(market.settings.host, market.settings.port)
    try:
        _Server(config, market).run(sockets=[listener])
    finally:
        if loop is not None:
            loop.stop()


class _Server(uvicorn.Server):
    """Tells when it is ready, and lets streams go when it ends."""

    def __init__(self, config: uvicorn.Config, market: Market) -> None:
        super().__init__(config)
        self._market = market

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        assert sockets is not None
        host, port = sockets[0].getsockname()[:2]
        url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        sys.stderr.write(self._welcome(url) + "\n")
        sys.stdout.write(json.dumps({"url": url}) + "\n")
        sys.stdout.flush()

    def _welcome(self, url: str) -> str:
        if (self._market.settings.web_directory / "index.html").is_file():
            return f"The market is ready; its web app: {url} (Ctrl-C ends it)"
        return f"The market is ready: {url} (its web app is not built; Ctrl-C ends it)"

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End on a signal, and do not raise it again: an ordered stop is no failure."""
        before = {number: signal.signal(number, self.handle_exit) for number in _STOPPING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: whoever waits for events is let go first."""
        self._market.services.bell.close()
        self._market.services.work_bell.close()
        super().handle_exit(sig, frame)


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes any free one.

    Raises:
        Conflict: somebody else listens there, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol must be named: only then does asyncio switch Nagle's delay (40 ms) off.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise Conflict(f"cannot listen on {host}, port {port}: {error.strerror}") from None
    listener.set_inheritable(True)
    return listener
