"""A sender against Anvil, where crashes, outages, gaps and price rises can be made."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from web3 import Web3

from protocol.chain.broadcast import Broadcaster
from protocol.chain.calls import Call
from protocol.chain.connection import connect, rpc
from protocol.chain.development import development_account
from protocol.chain.sender import MemoryJournal as Memory
from protocol.chain.sender import Mined, Sender, Sent, SqliteJournal
from protocol.errors import ChainRejected, ChainUnavailable, Conflict
from protocol.units import Address, to_hex
from tests.chain.conftest import Market, balance, mine, nonce_of, pay
from tests.support.chains import ROOT, paused, start_anvil_process, start_devchain

PAYEE = "0x" + "ab" * 20
ACCOUNT = development_account(1)


class Clock:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def make(web3: Web3, journal: Any = None, **options: Any) -> Sender:
    return Sender(web3, ACCOUNT, journal or Memory(), **options)


def hash_of(sender: Sender, key: str) -> str:
    status = sender.status(key)
    assert isinstance(status, Sent)
    assert status.transaction_hash is not None
    return to_hex(status.transaction_hash)


def drop(web3: Web3, sender: Sender, key: str) -> None:
    """Make the pool forget the transaction, as full pools do."""
    rpc(web3, "anvil_dropTransaction", hash_of(sender, key))


def test_each_key_is_sent_once(market: Market) -> None:
    sender = make(market.web3)
    before = balance(market.web3, PAYEE)
    for _ in range(3):
        sender.submit("pay", pay(PAYEE, 5))
        sender.wait("pay", 20)
    assert balance(market.web3, PAYEE) == before + 5
    assert isinstance(sender.status("pay"), Mined)
    assert sender.status("unknown") is None
    with pytest.raises(Conflict):
        sender.submit("pay", pay(PAYEE, 6))


def test_a_refusal_names_the_contracts_error_and_blocks_nobody(market: Market) -> None:
    contracts = market.contracts
    sender = Sender(market.web3, development_account(2), Memory())
    sender.submit("first", pay(PAYEE, 1))
    sender.submit("bad", contracts.stake(7))
    sender.submit("last", pay(PAYEE, 1))
    sender.wait("last", 20)
    account = development_account(2).address
    with pytest.raises(ChainRejected, match=rf"^InsufficientBalance\({account}, 7, 0\)$"):
        sender.wait("bad", 20)
    assert isinstance(sender.status("first"), Mined)
    sender.forget("first")
    assert isinstance(sender.status("first"), Mined)
    sender.forget("bad")
    assert sender.status("bad") is None


def test_calls_that_build_on_each_other_go_in_one_sweep(market: Market) -> None:
    market.send(market.contracts.token_transfer(ACCOUNT_ADDRESS, 100))
    sender = make(market.web3)
    sender.submit("approve", market.contracts.token_approve(100))
    sender.submit("deposit", market.contracts.deposit(100))
    sender.submit("stake", market.contracts.stake(100))
    sender.wait("stake", 20)
    assert market.contracts.account(ACCOUNT_ADDRESS).stake_wei >= 100


ACCOUNT_ADDRESS: Any = ACCOUNT.address


@pytest.fixture
def _estimates_on_mined_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anvil estimates on the pending block; many endpoints only know the latest one."""

    def on_latest(web3: Web3, method: str, *params: Any) -> Any:
        more = ["latest"] if method == "eth_estimateGas" else []
        return rpc(web3, method, *params, *more)

    monkeypatch.setattr("protocol.chain.broadcast.rpc", on_latest)


@pytest.mark.usefixtures("_estimates_on_mined_state")
def test_a_call_that_depends_on_an_unmined_one_waits_for_it(own_anvil: Market) -> None:
    web3, contracts = own_anvil.web3, own_anvil.contracts
    own_anvil.send(contracts.token_transfer(ACCOUNT_ADDRESS, 100))
    rpc(web3, "evm_setAutomine", False)
    sender = make(web3)
    sender.submit("approve", contracts.token_approve(100))
    sender.submit("deposit", contracts.deposit(100))
    sender.step()
    waiting = sender.status("deposit")
    assert isinstance(waiting, Sent)
    assert waiting.transaction_hash is None
    mine(web3)
    sender.step()
    mine(web3)
    sender.step()
    assert isinstance(sender.status("deposit"), Mined)


def test_many_are_in_flight_with_successive_nonces(still_anvil: Web3) -> None:
    sender = make(still_anvil, max_in_flight=4)
    for index in range(6):
        sender.submit(f"pay {index}", pay(PAYEE, 1))
    sender.step()
    flying = [index for index in range(6) if _hash(sender, index)]
    assert flying == [0, 1, 2, 3]
    mine(still_anvil)
    sender.step()
    mine(still_anvil)
    sender.step()
    assert balance(still_anvil, PAYEE) == 6


def _hash(sender: Sender, index: int) -> bytes | None:
    status = sender.status(f"pay {index}")
    assert isinstance(status, Sent)
    return status.transaction_hash


def test_killed_before_the_receipt_it_does_not_send_twice(
    still_anvil: Web3, tmp_path: Path
) -> None:
    path = tmp_path / "journal.sqlite"
    program = f"""
        import os, signal
        from protocol.chain.calls import Call
        from protocol.chain.connection import connect
        from protocol.chain.development import development_account
        from protocol.chain.sender import Sender, SqliteJournal
        web3 = connect({_url(still_anvil)!r})
        sender = Sender(web3, development_account(1), SqliteJournal({str(path)!r}))
        sender.submit("pay", Call({PAYEE!r}, b"", 7))
        sender.step()
        os.kill(os.getpid(), signal.SIGKILL)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    ended = subprocess.run(command, cwd=ROOT, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL
    journal = SqliteJournal(path)
    sender = make(still_anvil, journal)
    sender.submit("pay", pay(PAYEE, 7))
    sender.step()
    mine(still_anvil)
    sender.wait("pay", 20)
    journal.close()
    assert balance(still_anvil, PAYEE) == 7
    assert nonce_of(still_anvil, ACCOUNT.address) == 1


def test_killed_before_the_broadcast_it_sends_the_same_bytes(
    still_anvil: Web3, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Memory()
    sender = make(still_anvil, journal)
    sender.submit("pay", pay(PAYEE, 7))
    with monkeypatch.context() as patched:
        patched.setattr(Broadcaster, "repeat", lambda *_: None)
        sender.step()
    written = hash_of(sender, "pay")
    assert rpc(still_anvil, "eth_getTransactionByHash", written) is None
    again = make(still_anvil, journal)
    again.step()
    assert hash_of(again, "pay") == written
    mine(still_anvil)
    again.wait("pay", 20)
    assert balance(still_anvil, PAYEE) == 7


def test_it_goes_on_after_an_outage() -> None:
    with start_anvil_process() as (url, process):
        web3 = connect(url, timeout_seconds=1)
        sender = make(web3)
        sender.submit("before", pay(PAYEE, 1))
        sender.wait("before", 20)
        with paused(process):
            sender.submit("during", pay(PAYEE, 2))
            sender.step()
            with pytest.raises(ChainUnavailable, match=r"during is not mined after 0\.2 s"):
                sender.wait("during", 0.2)
            assert sender.status("during") == Sent(None, None)
        sender.wait("during", 20)
        assert balance(web3, PAYEE) == 3


def test_an_outage_between_broadcast_and_answer_sends_once(
    still_anvil: Web3, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = make(still_anvil)
    sender.submit("pay", pay(PAYEE, 2))
    with monkeypatch.context() as patched:
        patched.setattr("protocol.chain.broadcast.rpc", _answer_is_lost)
        sender.step()
    assert rpc(still_anvil, "eth_getTransactionByHash", hash_of(sender, "pay")) is not None
    sender.step()
    mine(still_anvil)
    sender.wait("pay", 20)
    assert balance(still_anvil, PAYEE) == 2


def _answer_is_lost(web3: Web3, method: str, *params: Any) -> Any:
    answer = rpc(web3, method, *params)
    if method == "eth_sendRawTransaction":
        raise ChainUnavailable("the connection broke")
    return answer


def test_a_stuck_transaction_is_replaced_at_a_higher_price(still_anvil: Web3) -> None:
    clock = Clock()
    sender = make(still_anvil, now=clock, replace_after_seconds=30)
    sender.submit("pay", pay(PAYEE, 3))
    sender.step()
    first = hash_of(sender, "pay")
    rpc(still_anvil, "anvil_setNextBlockBaseFeePerGas", hex(10**13))
    mine(still_anvil)
    clock.seconds += 29
    sender.step()
    assert hash_of(sender, "pay") == first
    clock.seconds += 2
    sender.step()
    assert hash_of(sender, "pay") != first
    mine(still_anvil, 2)
    sender.wait("pay", 20)
    assert balance(still_anvil, PAYEE) == 3
    assert nonce_of(still_anvil, ACCOUNT.address) == 1


def test_a_replacement_that_comes_too_late_is_no_harm(
    still_anvil: Web3, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    sender = make(still_anvil, now=clock)
    sender.submit("pay", pay(PAYEE, 3))
    sender.step()
    first = hash_of(sender, "pay")
    with monkeypatch.context() as patched:  # the replacement never reaches the pool
        patched.setattr(Broadcaster, "repeat", lambda *_: None)
        clock.seconds += 60
        sender.step()
    assert hash_of(sender, "pay") != first
    mine(still_anvil)
    assert to_hex(sender.wait("pay", 20).transaction_hash) == first
    assert balance(still_anvil, PAYEE) == 3


def test_an_underpriced_replacement_is_raised_until_it_is_taken(still_anvil: Web3) -> None:
    journal = Memory()
    sender = make(still_anvil, journal)
    # Somebody (we, with a lost journal) left a pricey transaction with our nonce in the pool.
    pricey: dict[str, Any] = {
        "type": 2,
        "chainId": 31337,
        "nonce": 0,
        "to": Call(Address(PAYEE), b"").to,
        "value": 1,
        "gas": 21_000,
        "maxFeePerGas": 5 * 10**9,
        "maxPriorityFeePerGas": 2 * 10**9,
    }
    old = ACCOUNT.sign_transaction(pricey)
    sender.submit("pay", pay(PAYEE, 3))
    sender.step()
    drop(still_anvil, sender, "pay")
    rpc(still_anvil, "eth_sendRawTransaction", to_hex(bytes(old.raw_transaction)))
    entry = journal.get("pay")
    assert entry is not None
    journal.put(replace(entry, attempts=(replace(entry.attempts[0], sent_at=0.0),)))
    for _ in range(8):
        sender.step()
    mine(still_anvil)
    sender.wait("pay", 20)
    assert balance(still_anvil, PAYEE) == 3


def test_a_dropped_transaction_is_broadcast_again(still_anvil: Web3) -> None:
    sender = make(still_anvil)
    for key in ("one", "two", "three"):
        sender.submit(key, pay(PAYEE, 1))
    sender.step()
    drop(still_anvil, sender, "one")  # a gap: two and three cannot be mined
    sender.step()
    mine(still_anvil)
    sender.step()
    assert isinstance(sender.status("three"), Mined)
    assert balance(still_anvil, PAYEE) == 3


def test_a_hole_in_the_nonces_is_filled(still_anvil: Web3) -> None:
    journal = Memory()
    sender = make(still_anvil, journal)
    sender.submit("one", pay(PAYEE, 1))
    sender.submit("two", pay(PAYEE, 2))
    sender.step()
    drop(still_anvil, sender, "one")
    gone = journal.get("one")
    assert gone is not None
    journal.put(gone.rejected("the endpoint refused it for good"))
    sender.step()
    sender.step()
    mine(still_anvil)
    sender.wait("two", 20)
    assert balance(still_anvil, PAYEE) == 2
    assert nonce_of(still_anvil, ACCOUNT.address) == 2


def test_a_nonce_taken_by_somebody_else_is_given_anew(still_anvil: Web3) -> None:
    journal = Memory()
    sender = make(still_anvil, journal, confirmations=2)
    sender.submit("pay", pay(PAYEE, 4))
    sender.step()
    drop(still_anvil, sender, "pay")
    stranger = make(still_anvil)  # the same key without our journal
    stranger.submit("other", pay(PAYEE, 1))
    stranger.step()
    mine(still_anvil)
    sender.step()
    assert balance(still_anvil, PAYEE) == 1
    for _ in range(3):
        mine(still_anvil)
        sender.step()
    mine(still_anvil)
    sender.wait("pay", 20)
    assert balance(still_anvil, PAYEE) == 5


def test_a_transaction_taken_back_by_a_reorganisation_is_sent_again(own_anvil: Market) -> None:
    web3 = own_anvil.web3
    sender = make(web3, confirmations=10)
    snapshot = rpc(web3, "evm_snapshot")
    sender.submit("pay", pay(PAYEE, 9))
    sender.wait("pay", 20)
    assert balance(web3, PAYEE) == 9
    rpc(web3, "evm_revert", snapshot)
    assert balance(web3, PAYEE) == 0
    mine(web3)
    for _ in range(3):
        sender.step()
    assert isinstance(sender.status("pay"), Mined)
    assert balance(web3, PAYEE) == 9


@pytest.mark.usefixtures("_estimates_on_mined_state")
def test_a_revert_in_the_block_is_told_with_its_reason(own_anvil: Market) -> None:
    web3, contracts = own_anvil.web3, own_anvil.contracts
    own_anvil.fund(1, 100)
    rpc(web3, "evm_setAutomine", False)
    sender = make(web3)
    sender.submit("all", contracts.stake(100))
    sender.submit("too much", contracts.stake(60))  # fine by itself, not after the first
    sender.submit("after", pay(PAYEE, 1))
    sender.step()
    mine(web3)
    with pytest.raises(ChainRejected, match=rf"^InsufficientBalance\({ACCOUNT.address}, 60, 0\)$"):
        sender.wait("too much", 5)
    assert isinstance(sender.status("all"), Mined)
    assert isinstance(sender.status("after"), Mined)


def test_it_refuses_another_chain(devchain_url: str, still_anvil: Web3) -> None:
    journal = Memory()
    one = make(still_anvil, journal)
    one.submit("pay", pay(PAYEE, 1))
    one.step()
    other = make(connect(devchain_url), journal)
    with pytest.raises(ChainRejected, match="belongs to chain 31337"):
        other.step()


def test_it_refuses_another_chain_id() -> None:
    journal = Memory()
    with start_anvil_process("--chain-id", "5") as (url, _), start_devchain() as dev:
        first = make(connect(url), journal)
        first.submit("pay", pay(PAYEE, 1))
        first.wait("pay", 20)
        second = make(connect(dev), journal)
        second.submit("more", pay(PAYEE, 1))
        with pytest.raises(ChainRejected, match="belongs to chain 5 "):
            second.step()


def test_without_gas_money_it_waits_and_says_why(still_anvil: Web3) -> None:
    from eth_account import Account

    poor = Account.from_key("0x" + "77" * 32)
    rpc(still_anvil, "evm_setAutomine", True)
    sender = Sender(still_anvil, poor, Memory())
    sender.submit("pay", pay(PAYEE, 1))
    with pytest.raises(ChainUnavailable, match=r"(?i)insufficient funds"):
        sender.wait("pay", 0.3)
    rpc(still_anvil, "anvil_setBalance", poor.address, hex(10**18))
    sender.wait("pay", 20)


def test_a_hundred_wishes_from_many_threads_are_each_done_once(devchain_url: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    web3 = connect(devchain_url)
    payee = "0x" + "cd" * 20
    sender = Sender(web3, development_account(9), Memory())

    def wish(number: int) -> None:
        sender.submit(f"pay {number % 25}", pay(payee, 1))
        sender.wait(f"pay {number % 25}", 60)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(wish, range(100)))
    assert balance(web3, payee) == 25


def test_waiting_for_nothing_is_refused(still_anvil: Web3) -> None:
    with pytest.raises(ChainRejected, match="nothing was submitted"):
        make(still_anvil).wait("nothing", 1)


def _url(web3: Web3) -> str:
    return str(web3.provider.endpoint_uri)  # type: ignore[attr-defined]
