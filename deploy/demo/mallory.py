"""`python -m deploy.demo.mallory`: the cheating provider's process, the real daemon inside."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from deploy.demo.cheater import CheatingExecutor
from protocol.client import console
from protocol.units import parse_credits
from provider.daemon import run_daemon
from provider.executors.wasm import WasmExecutor
from provider.settings import Settings

CHEAT_EVERY = 2


def main() -> None:
    """Work, and cheat, until stopped. It neither concedes nor helps a dispute."""
    parser = argparse.ArgumentParser()
    for name in ("--market", "--state", "--price"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    console.log_to_stderr()
    settings = Settings(
        market_url=options.market,
        state_directory=Path(options.state),
        ask_per_core_second_wei=parse_credits(options.price),
        answers_disputes=False,
    )
    stop = threading.Event()
    console.stop_on_signals(stop)
    run_daemon(settings, [CheatingExecutor(WasmExecutor(), CHEAT_EVERY)], stop)


if __name__ == "__main__":
    main()
