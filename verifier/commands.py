"""The verifier's commands: `fallow verifier start|enroll|status|leave`.

Heavy imports wait until a command is performed: `--help` answers at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from protocol.client import console
from protocol.client.console import DEFAULT_MARKET, Faucet, Json, Market, RpcUrl

if TYPE_CHECKING:
    from verifier.service import Service

app = typer.Typer(
    help="Re-run a random few tasks of strangers, and be paid for it.",
    epilog="Start here: fallow verifier enroll --seats 1, then fallow verifier start",
    no_args_is_help=True,
)

KeyFile = Annotated[
    Path,
    typer.Option(
        "--key-file",
        envvar="FALLOW_KEY_FILE",
        help="The verifier's wallet key; made (mode 0600) if it is not there.",
    ),
]
StateDirectory = Annotated[
    Path,
    typer.Option("--state", envvar="FALLOW_STATE", help="Where the journal and the cache live."),
]
Seats = Annotated[
    int, typer.Option("--seats", min=1, max=1000, help="Hold this many seats; more draw more.")
]
_HOME = console.data_home("verifier")
_KEY = _HOME / "wallet.key"
_EXAMPLES = "Example: fallow verifier "


@app.command(epilog=_EXAMPLES + "start --seats 2 --faucet --key-file verifier.key")
def start(
    market: Market = DEFAULT_MARKET,
    key_file: KeyFile = _KEY,
    state: StateDirectory = _HOME,
    rpc: RpcUrl = None,
    seats: Annotated[
        int, typer.Option("--seats", min=0, max=1000, help="First enroll until so many are held.")
    ] = 0,
    faucet: Faucet = False,
    executions: Annotated[
        int, typer.Option("--executions", min=1, max=64, help="Tasks to execute at the same time.")
    ] = 1,
    as_json: Json = False,
) -> None:
    """Serve until stopped: audit what is drawn, dispute what is wrong, vote when asked."""
    console.log_to_stderr()
    stop = threading.Event()
    with _service(market, key_file, state, rpc, executions) as service:
        console.stop_on_signals(stop)
        held = _enroll(service, seats, faucet=faucet)
        verifier = service.verifier(stop)
        me = service.sender.address
        console.show({"verifier": me, "seats": held, "market": market}, as_json=as_json)
        verifier.run()


@app.command(epilog=_EXAMPLES + "enroll --seats 2 --faucet")
def enroll(
    market: Market = DEFAULT_MARKET,
    key_file: KeyFile = _KEY,
    state: StateDirectory = _HOME,
    rpc: RpcUrl = None,
    seats: Seats = 1,
    faucet: Faucet = False,
    as_json: Json = False,
) -> None:
    """Deposit credits for seats and bonds, and take the seats. Run it while `start` is stopped."""
    with _service(market, key_file, state, rpc) as service:
        held = _enroll(service, seats, faucet=faucet)
        console.show({"verifier": service.sender.address, "seats": held}, as_json=as_json)


@app.command(epilog=_EXAMPLES + "leave")
def leave(
    market: Market = DEFAULT_MARKET,
    key_file: KeyFile = _KEY,
    state: StateDirectory = _HOME,
    rpc: RpcUrl = None,
    as_json: Json = False,
) -> None:
    """Give up every seat. Go on running `start` until what was drawn before is done."""
    with _service(market, key_file, state, rpc) as service:
        from verifier.enrolment import leave as give_up

        given_up = give_up(service.contracts, service.sender)
        console.show({"verifier": service.sender.address, "seats_left": given_up}, as_json=as_json)


@app.command(epilog=_EXAMPLES + "status --json")
def status(
    market: Market = DEFAULT_MARKET,
    key_file: KeyFile = _KEY,
    state: StateDirectory = _HOME,
    rpc: RpcUrl = None,
    as_json: Json = False,
) -> None:
    """Seats, money and audits so far."""
    with _service(market, key_file, state, rpc) as service:
        from verifier.enrolment import held_seats

        me = service.sender.address
        facts = {
            "verifier": me,
            "seats": len(held_seats(service.contracts, me)),
            "balance_wei": str(service.contracts.account(me).balance_wei),
            "gas_wei": str(service.contracts.gas_balance(me)),
            "audits": {str(step): n for step, n in service.journal.audits_by_step().items()},
        }
        console.show(facts, as_json=as_json)


def _enroll(service: Service, seats: int, *, faucet: bool) -> int:
    from verifier import enrolment

    contracts, sender = service.contracts, service.sender
    if faucet and seats:
        enrolment.use_faucet(service.client, contracts, sender.address, seats)
    if seats:
        return enrolment.enroll(contracts, sender, seats)
    return len(enrolment.held_seats(contracts, sender.address))


@contextmanager
def _service(
    market: str, key_file: Path, state: Path, rpc: str | None, executions: int = 1
) -> Iterator[Service]:
    from protocol.client.keys import load_or_create_key
    from verifier.service import Service, Settings

    settings = Settings(market, state, rpc, executions)
    with Service(settings, load_or_create_key(key_file, console.ask_password)) as service:
        yield service
