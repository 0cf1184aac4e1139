"""`python -m deploy.demo.mallory`: the cheating provider's process, the real daemon inside."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from deploy.demo.cheater import CheatingExecutor
from provider.commands import credits_wei
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
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    settings = Settings(
        market_url=options.market,
        state_directory=Path(options.state),
        ask_per_core_second_wei=credits_wei(options.price),
        answers_disputes=False,
    )
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    run_daemon(settings, [CheatingExecutor(WasmExecutor(), CHEAT_EVERY)], stop)


if __name__ == "__main__":
    main()
