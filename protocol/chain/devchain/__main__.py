"""`python -m protocol.chain.devchain`: serve a development chain until told to stop."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; prints one line of JSON when requests are answered."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # Looked at, not PR_SET_PDEATHSIG: that fires when the parent's starting *thread* ends.
    parent = os.getppid() if options.exit_with_parent else None
    _serve(options, stop, parent)
    return 0


def _serve(options: argparse.Namespace, stop: threading.Event, parent: int | None) -> None:
    # Imported late: py-evm takes a second, in which a signal must already end us cleanly.
    from protocol.chain.devchain.evm import DevChain
    from protocol.chain.devchain.methods import Methods
    from protocol.chain.devchain.server import RpcServer

    chain = DevChain(options.accounts, options.chain_id)
    with RpcServer(options.host, options.port, Methods(chain, options.accounts)) as server:
        threading.Thread(target=server.serve_forever, name="rpc", daemon=True).start()
        ready = {
            "rpc_url": f"http://{options.host}:{server.server_address[1]}",
            "chain_id": options.chain_id,
            "accounts": options.accounts,
        }
        print(json.dumps(ready), flush=True)  # noqa: T201 - the line that a starter waits for
        _mine_until(stop, chain.mine, options.block_seconds, parent)
        server.shutdown()


def _mine_until(
    stop: threading.Event, mine: Callable[[], None], block_seconds: float, parent: int | None
) -> None:
    due = time.monotonic() + block_seconds
    while not stop.wait(min(max(due - time.monotonic(), 0), 1) if block_seconds else 1):
        if parent is not None and os.getppid() != parent:
            return
        if block_seconds and time.monotonic() >= due:
            mine()
            due = time.monotonic() + block_seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="devchain", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 (the default): any free port")
    parser.add_argument("--chain-id", type=int, default=31337)
    parser.add_argument("--accounts", type=int, default=20, help="funded development accounts")
    parser.add_argument(
        "--block-seconds",
        type=float,
        default=1,
        help="mine this often besides at each transaction; 0: only at transactions",
    )
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="stop when the starting process is gone"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
