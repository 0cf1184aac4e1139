"""contracts/ in Brownie: scripts deploy, the ordinary code works, scripts and the console look."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from protocol.chain import params
from protocol.chain.codec import artifact
from protocol.chain.connection import connect
from protocol.chain.deploy import check_deployment
from protocol.chain.facts import Deployment
from protocol.client.client import MarketClient
from protocol.units import WEI_PER_CREDIT, to_hex
from tests.chain.conftest import Market
from tests.chain.test_whole_loop import (
    CHEAT,
    GOOD,
    OPERATOR,
    REQUESTER,
    VERIFIERS,
    address,
    commit,
    do_lease,
    enrol,
    events,
    leases_of,
    open_job,
    proof_of,
)
from tests.contracts.conftest import Brownie
from tests.support.chains import ROOT, start_anvil
from tests.support.commands import serving_market

UNKNOWN = "0x" + "77" * 32


@dataclass(frozen=True)
class Stage:
    """A market that Brownie deployed, and the settings with which Brownie finds it."""

    market: Market
    brownie: Brownie
    plan: Path


@dataclass(frozen=True)
class Work:
    """What happened on a stage: ids as contract calls take them."""

    job_id: Any
    batch_id: Any
    dispute_id: Any


@pytest.fixture(scope="module")
def stage(key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("market")
    plan, file = folder / "plan.json", folder / "deployment.json"
    plan.write_text(written_plan("development"))
    with start_anvil() as url:
        settings = {"FALLOW_RPC_URL": url, "FALLOW_KEY_FILE": str(key_file)}
        made = Brownie(settings).json("deploy", "main", str(plan))
        file.write_text(json.dumps(made))
        market = Market(connect(url), Deployment.from_json(made))
        yield Stage(market, Brownie(settings | {"FALLOW_DEPLOYMENT_FILE": str(file)}), plan)


@pytest.fixture(scope="module")
def work(stage: Stage) -> Work:
    """A job whose first lease is committed, and one of its tasks contested."""
    market = stage.market
    enrol(market)
    _, job_id = open_job(market)
    batch_id = commit(market, (CHEAT, do_lease(job_id, CHEAT, 0, GOOD)))
    leases = leases_of(market, batch_id)
    call = market.contracts.open_dispute(batch_id, leases[0], 0, proof_of(leases, 0), 1)
    market.send(call, VERIFIERS[0])
    return Work(job_id, batch_id, events(market, "DisputeOpened")[-1].args["dispute_id"])


def written_plan(*arguments: str) -> str:
    command = [sys.executable, "-m", "deploy.plan", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def typed(value: object) -> str:
    """An id as an operator types it."""
    return to_hex(value) if isinstance(value, bytes) else str(value)


def facts(market: Market, contract: str, view: str, *arguments: object) -> dict[str, str]:
    """A view's fields by the ABI, as the runtime's own code reads them."""
    (entry,) = [e for e in artifact(contract).abi if e.get("name") == view]
    answer = market.contracts.ask(contract, view, *arguments)
    fields = zip(entry["outputs"][0]["components"], answer, strict=True)
    return {f["name"]: typed(v) for f, v in fields if "enum" not in f["internalType"]}


def test_what_the_script_deploys_is_what_the_runtime_expects(stage: Stage) -> None:
    market = stage.market
    check_deployment(market.web3, market.deployment, params.development())
    assert market.contracts.token_balance(address(0)) == 10**9 * WEI_PER_CREDIT


def test_a_job_is_shown_with_every_fact(stage: Stage, work: Work) -> None:
    shown = stage.brownie.json("inspect", "job", typed(work.job_id))
    for name, value in facts(stage.market, "Market", "job", work.job_id).items():
        assert str(shown[name]) == value
    table = stage.brownie.table("inspect", "job", typed(work.job_id))
    for name in shown:
        assert name in table
    assert address(REQUESTER) in table
    assert " credits\n" in table


def test_a_batch_is_shown_with_every_fact(stage: Stage, work: Work) -> None:
    shown = stage.brownie.json("inspect", "batch", typed(work.batch_id))
    for name, value in facts(stage.market, "Market", "batch", work.batch_id).items():
        assert str(shown[name]) == value
    assert address(OPERATOR) in shown.values()


def test_a_dispute_is_shown_with_its_committee(stage: Stage, work: Work) -> None:
    shown = stage.brownie.json("inspect", "dispute", typed(work.dispute_id))
    for name, value in facts(stage.market, "Market", "dispute", work.dispute_id).items():
        assert str(shown[name]) == value
    assert shown["status"] == "Open"
    assert shown["committee"]["isDrawn"] is False


def test_an_account_is_shown_with_its_wallet(stage: Stage, work: Work) -> None:
    shown = stage.brownie.json("inspect", "account", address(CHEAT))
    for name, value in facts(stage.market, "Market", "account", address(CHEAT)).items():
        assert str(shown[name]) == value
    assert shown["stakeWei"] == str(10 * WEI_PER_CREDIT)
    assert shown["walletWei"] == str(stage.market.contracts.token_balance(address(CHEAT)))


def test_the_market_is_shown_with_its_terms(stage: Stage) -> None:
    shown = stage.brownie.json("inspect")
    assert shown["market"] == stage.market.deployment.market
    assert shown["params"]["seatStakeWei"] == str(params.development().seat_stake_wei)


def test_what_is_not_there_is_one_line(stage: Stage) -> None:
    refusal = stage.brownie.refusal
    assert refusal("inspect", "job", UNKNOWN) == f"the market knows no job {UNKNOWN}"
    assert "UnknownDispute" in refusal("inspect", "dispute", "999")
    assert refusal("inspect", "account", "0x12").startswith("owner is an address")
    assert refusal("inspect", "account") == "usage: run inspect account OWNER"
    assert refusal("inspect", "lease", "1").startswith("inspect has no 'lease'")
    nowhere = {**stage.brownie.settings, "FALLOW_RPC_URL": "http://127.0.0.1:9"}
    assert Brownie(nowhere).refusal("inspect").startswith("the chain does not answer at")
    assert Brownie({}).refusal("inspect", "job", UNKNOWN).startswith("the market does not answer")


def test_a_deployment_is_held_against_its_plan(stage: Stage, tmp_path: Path) -> None:
    report = stage.brownie.json("deploy", "check", str(stage.plan))
    assert report["market"]["arbiter"] == stage.market.deployment.arbiter
    other = tmp_path / "other.json"
    other.write_text(written_plan("production"))
    refusal = stage.brownie.refusal("deploy", "check", str(other))
    assert refusal.endswith(f"not {params.production().seat_stake_wei}")
    other.write_text(written_plan("development", "--minter", address(REQUESTER)))
    assert stage.brownie.refusal("deploy", "check", str(other)).startswith("token.minter: 0x0")


def test_terms_that_are_not_safe_are_refused(stage: Stage, tmp_path: Path) -> None:
    plan = json.loads(stage.plan.read_text())
    plan["params"]["committee_size"] = 0
    unsafe = tmp_path / "unsafe.json"
    unsafe.write_text(json.dumps(plan))
    assert "InvalidParams" in stage.brownie.refusal("deploy", "main", str(unsafe))


def test_a_key_is_taken_only_from_its_owners_file(stage: Stage, tmp_path: Path) -> None:
    deploy = ("deploy", "main", str(stage.plan))
    endpoint = {"FALLOW_RPC_URL": stage.brownie.settings["FALLOW_RPC_URL"]}
    assert Brownie(endpoint).refusal(*deploy).startswith("set FALLOW_KEY_FILE")
    key = tmp_path / "key"
    key.write_text("0x07\n")
    with_key = Brownie(endpoint | {"FALLOW_KEY_FILE": str(key)})
    key.chmod(0o644)
    assert with_key.refusal(*deploy).startswith("others may read")
    key.chmod(0o600)
    assert "holds no private key" in with_key.refusal(*deploy)


def test_the_console_opens_beside_a_running_fallow(tmp_path: Path) -> None:
    lines = ["Market[-1].address", "CreditToken[-1].symbol()", "Market[-1].token()", "quit()"]
    with serving_market(tmp_path) as url, MarketClient(url) as client:
        done = Brownie({"FALLOW_MARKET": url}).start("console", typed="\n".join([*lines, ""]))
        info = client.market()
    said = done.stdout + done.stderr  # the console answers on stderr
    assert done.returncode == 0, said
    assert info.market in said
    assert info.token in said
    assert "CREDIT" in said
