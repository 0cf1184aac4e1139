"""`python -m protocol.chain.devchain`: serve a development chain until told to stop."""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; prints one line of JSON when requests are answered."""
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if options.exit_with_parent and not _end_with_parent():
        return 0
    _serve(options, stop)
    return 0


def _serve(options: argparse.Namespace, stop: threading.Event) -> None:
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
        pause = options.block_seconds or None
        while not stop.wait(pause):
            chain.mine()
        server.shutdown()


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


def _end_with_parent() -> bool:
    """Ask Linux to end us with our parent; False when that is gone already."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    return os.getppid() == parent


if __name__ == "__main__":
    sys.exit(main())
