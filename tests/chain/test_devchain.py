"""The development chain as JSON-RPC clients see it, and as a process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from eth_account import Account
from web3 import Web3

from protocol.chain.connection import CallReverted, RpcRefused, connect, rpc
from protocol.chain.devchain.evm import DevChain
from protocol.chain.devchain.methods import Methods
from protocol.chain.devchain.server import answer_body
from protocol.chain.development import development_account
from protocol.units import to_hex
from tests.chain.conftest import Market
from tests.support.chains import ROOT, start_devchain

RICH, OTHER = development_account(10), development_account(11)
COMMAND = (sys.executable, "-m", "protocol.chain.devchain")


@pytest.fixture
def chain() -> DevChain:
    return DevChain(account_count=12)


@pytest.fixture
def methods(chain: DevChain) -> Methods:
    return Methods(chain, 12)


def ask(methods: Methods, method: str, *params: Any) -> Any:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
    return json.loads(answer_body(methods, json.dumps(request).encode()))


def signed(nonce: int, **more: Any) -> str:
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": 31337,
        "nonce": nonce,
        "to": OTHER.address,
        "value": 1,
        "gas": 21_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**9,
    }
    return to_hex(bytes(RICH.sign_transaction(fields | more).raw_transaction))


def test_it_has_anvils_accounts_and_chain_id(devchain_url: str, anvil_url: str) -> None:
    ours, anvils = connect(devchain_url), connect(anvil_url)
    assert rpc(ours, "eth_chainId") == rpc(anvils, "eth_chainId") == "0x7a69"
    accounts = [a.lower() for a in rpc(ours, "eth_accounts")]
    assert accounts == [a.lower() for a in rpc(anvils, "eth_accounts")]
    assert Account.from_key(development_account(0).key).address.lower() == accounts[0]


def receipt_of(web3: Web3, transaction_hash: str) -> Any:
    """Anvil mines at once, but a moment after its answer."""
    deadline = time.monotonic() + 20
    while True:
        receipt = rpc(web3, "eth_getTransactionReceipt", transaction_hash)
        if receipt is not None:
            return receipt
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_answers_have_the_shape_of_anvils(devchain_url: str, anvil_url: str) -> None:
    shapes = []
    for url in (devchain_url, anvil_url):
        web3 = connect(url)
        nonce = int(rpc(web3, "eth_getTransactionCount", RICH.address, "latest"), 16)
        known = rpc(web3, "eth_sendRawTransaction", signed(nonce))
        receipt = receipt_of(web3, known)
        transaction = rpc(web3, "eth_getTransactionByHash", known)
        block = rpc(web3, "eth_getBlockByNumber", receipt["blockNumber"], True)
        assert rpc(web3, "eth_getBlockByHash", block["hash"], False)["transactions"] == [known]
        assert block["transactions"] == [transaction]
        assert receipt["gasUsed"] == "0x5208"
        shapes.append((set(receipt), set(transaction), set(block)))
    for ours, anvils in zip(*shapes, strict=True):
        assert anvils - ours <= {"blobGasPrice", "requestsHash", "blockTimestamp"}


def test_unknown_things_are_null(methods: Methods) -> None:
    nothing = "0x" + "12" * 32
    for method in ("eth_getTransactionReceipt", "eth_getTransactionByHash", "eth_getBlockByHash"):
        assert ask(methods, method, nothing)["result"] is None
    assert ask(methods, "eth_getBlockByNumber", "0xffff", False)["result"] is None


def test_blocks_carry_the_real_time_and_may_share_a_second(
    chain: DevChain, methods: Methods
) -> None:
    for nonce in range(30):
        ask(methods, "eth_sendRawTransaction", signed(nonce))
    assert abs(chain.head.header.timestamp - time.time()) < 2
    assert chain.head.header.block_number == 30


def test_other_clients_words_are_used_for_refusals(methods: Methods) -> None:
    assert "nonce too high" in ask(methods, "eth_sendRawTransaction", signed(5))["error"]["message"]
    ask(methods, "eth_sendRawTransaction", signed(0))
    known = ask(methods, "eth_sendRawTransaction", signed(0))
    low = ask(methods, "eth_sendRawTransaction", signed(0, value=2))
    poor = ask(methods, "eth_sendRawTransaction", signed(1, value=10**30))
    other = ask(methods, "eth_sendRawTransaction", signed(1, chainId=1))
    cheap = ask(
        methods, "eth_sendRawTransaction", signed(1, maxFeePerGas=1, maxPriorityFeePerGas=1)
    )
    assert known["error"]["message"] == "already known"
    assert "nonce too low" in low["error"]["message"]
    assert "insufficient funds" in poor["error"]["message"]
    assert "invalid chain id" in other["error"]["message"]
    assert cheap["error"]["code"] == -32000
    assert ask(methods, "eth_sendRawTransaction", "0x01")["error"]["code"] == -32602


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"nonsense", -32700),
        (b"[]", -32600),
        (b"3", -32600),
        (b'{"id":1,"method":"eth_sign","params":[]}', -32601),
        (b'{"id":1,"method":["x"]}', -32601),
        (b'{"id":1,"method":"eth_getBalance","params":["0x1"]}', -32602),
        (b'{"id":1,"method":"eth_getBalance","params":[]}', -32602),
        (b'{"id":1,"method":"eth_getLogs","params":[{"fromBlock":"x"}]}', -32602),
        (b'{"id":1,"method":"eth_getBalance","params":{"a":1}}', -32602),
    ],
)
def test_bad_requests_get_json_rpc_errors(methods: Methods, body: bytes, code: int) -> None:
    answer = json.loads(answer_body(methods, body))
    assert answer["error"]["code"] == code


def test_a_batch_keeps_its_ids(devchain_url: str) -> None:
    batch = [
        {"jsonrpc": "2.0", "id": "a", "method": "eth_chainId", "params": []},
        {"jsonrpc": "2.0", "id": 7, "method": "eth_nonsense"},
    ]
    answers = httpx.post(devchain_url, json=batch).json()
    assert [a["id"] for a in answers] == ["a", 7]
    assert answers[0]["result"] == "0x7a69"
    assert answers[1]["error"]["code"] == -32601


def test_browsers_may_ask(devchain_url: str) -> None:
    asked = httpx.options(devchain_url, headers={"Origin": "http://x", "Host": "127.0.0.1"})
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert httpx.get(devchain_url).json() == {"status": "ok"}
    posted = httpx.post(devchain_url, content=b"x")
    assert posted.headers["access-control-allow-origin"] == "*"


def test_a_huge_body_is_refused(devchain_url: str) -> None:
    address = httpx.URL(devchain_url)
    with socket.create_connection((address.host, address.port or 0), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n")
        assert b" 413 " in client.recv(100)


def test_a_revert_surfaces_with_its_data(market: Market) -> None:
    call = market.contracts.stake(10**28)
    request = {"from": OTHER.address, "to": call.to, "data": to_hex(call.data)}
    for method in ("eth_call", "eth_estimateGas"):
        with pytest.raises(CallReverted, match="InsufficientBalance") as caught:
            rpc(market.web3, method, request)
        assert len(caught.value.data) == 4 + 3 * 32


def test_estimates_suffice_and_waste_little(market: Market) -> None:
    receipt = market.send(market.contracts.token_approve(123), 10)
    call = market.contracts.token_approve(456)
    request = {"from": RICH.address, "to": call.to, "data": to_hex(call.data)}
    estimate = int(rpc(market.web3, "eth_estimateGas", request), 16)
    assert estimate >= market.send(call, 10).gas_used
    assert estimate < receipt.gas_used * 1.2


def test_logs_are_filtered(market: Market) -> None:
    receipt = market.send(market.contracts.token_approve(9), 10)
    block = hex(receipt.block_number)
    query = {"fromBlock": block, "toBlock": block}
    (log,) = rpc(market.web3, "eth_getLogs", query)
    token, topics = market.deployment.token, log["topics"]
    cases: list[tuple[dict[str, Any], int]] = [
        ({"address": token}, 1),
        ({"address": [token.lower(), market.deployment.market]}, 1),
        ({"address": market.deployment.market}, 0),
        ({"topics": [topics[0]]}, 1),
        ({"topics": [None, topics[1]]}, 1),
        ({"topics": [[topics[1], topics[0]]]}, 1),
        ({"topics": [topics[1]]}, 0),
        ({"topics": [None, None, None, topics[0]]}, 0),
    ]
    for more, count in cases:
        assert len(rpc(market.web3, "eth_getLogs", query | more)) == count, more
    by_hash = {"blockHash": log["blockHash"]}
    assert rpc(market.web3, "eth_getLogs", by_hash) == [log]


def test_old_state_can_be_asked_for(methods: Methods) -> None:
    before = ask(methods, "eth_getBalance", OTHER.address)["result"]
    ask(methods, "eth_sendRawTransaction", signed(0))
    assert ask(methods, "eth_getBalance", OTHER.address, "0x0")["result"] == before
    assert int(ask(methods, "eth_getBalance", OTHER.address)["result"], 16) == int(before, 16) + 1
    assert ask(methods, "eth_getTransactionCount", RICH.address, "earliest")["result"] == "0x0"
    assert ask(methods, "eth_getTransactionCount", RICH.address, "pending")["result"] == "0x1"


def test_time_and_history_can_be_moved(chain: DevChain, methods: Methods) -> None:
    snapshot = ask(methods, "evm_snapshot")["result"]
    known = ask(methods, "eth_sendRawTransaction", signed(0))["result"]
    ask(methods, "evm_increaseTime", 1000)
    ask(methods, "evm_mine")
    assert chain.head.header.timestamp >= time.time() + 990
    assert ask(methods, "evm_revert", snapshot)["result"] is True
    assert chain.head.header.block_number == 0
    assert ask(methods, "eth_getTransactionReceipt", known)["result"] is None
    assert ask(methods, "eth_sendRawTransaction", signed(0))["result"] == known
    assert ask(methods, "evm_revert", snapshot)["result"] is False


def test_the_history_of_block_hashes_is_in_its_contract(chain: DevChain, methods: Methods) -> None:
    for _ in range(3):
        chain.mine()
    history = "0x0000F90827F1C53a10cb7A02335B175320002935"
    word = "0x" + (2).to_bytes(32, "big").hex()
    found = ask(methods, "eth_call", {"to": history, "data": word}, "latest")["result"]
    assert found == chain.blocks(2, 2)[0].summary["hash"]


def test_fees_have_a_history(methods: Methods) -> None:
    history = ask(methods, "eth_feeHistory", "0x2", "latest", [50])["result"]
    assert len(history["baseFeePerGas"]) == len(history["reward"]) + 1
    assert int(ask(methods, "eth_gasPrice")["result"], 16) > 0


def test_web3_reads_it(devchain_url: str) -> None:
    web3 = connect(devchain_url)
    block = web3.eth.get_block("latest")
    assert block["number"] >= 0
    assert web3.eth.get_balance(RICH.address) > 0
    assert web3.eth.fee_history(1, "latest")["oldestBlock"] >= 0
    with pytest.raises(RpcRefused):
        rpc(web3, "eth_subscribe", "newHeads")


def test_many_clients_at_once(devchain_url: str) -> None:
    web3 = connect(devchain_url)

    def look(_: int) -> str:
        return str(rpc(web3, "eth_getBalance", OTHER.address, "latest"))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(look, range(80)))) == 1


def test_blocks_are_mined_by_time() -> None:
    with start_devchain(block_seconds=0.1) as url:
        web3 = connect(url)
        deadline = time.monotonic() + 10
        while int(rpc(web3, "eth_blockNumber"), 16) < 5:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(number: signal.Signals) -> None:
    with subprocess.Popen(COMMAND, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["chain_id"] == 31337
        process.send_signal(number)
        assert process.wait(10) == 0


def test_it_ends_with_its_parent() -> None:
    program = f"""
        import os, signal, subprocess, sys
        command = [sys.executable, "-m", "protocol.chain.devchain", "--exit-with-parent"]
        child = subprocess.Popen(command, cwd={str(ROOT)!r}, stdout=subprocess.PIPE)
        child.stdout.readline()
        print(child.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    child = int(done.stdout)
    deadline = time.monotonic() + 10
    while _is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
