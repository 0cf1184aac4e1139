"""contracts/ in Brownie: scripts deploy, the ordinary code works, scripts and the console look."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from protocol.batch import Batch
from protocol.chain import params
from protocol.chain.codec import artifact
from protocol.chain.connection import connect, rpc
from protocol.chain.deploy import check_deployment
from protocol.chain.development import development_account
from protocol.chain.facts import Deployment, JobFlag
from protocol.client.client import MarketClient
from protocol.errors import ChainRejected
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.units import WEI_PER_CREDIT, Bytes32, to_hex
from tests.chain.conftest import Market, mine
from tests.chain.stage import (
    CHEAT,
    GOOD,
    GOVERNOR,
    GUARDIAN,
    LEASE_TASKS,
    OPERATOR,
    PRICE_WEI,
    REQUESTER,
    STAKE_WEI,
    VERIFIERS,
    address,
    commit,
    dispute,
    do_lease,
    enrol,
    events,
    later,
    open_job,
)
from tests.contracts.conftest import Brownie, write_key_of
from tests.contracts.narrow_chain import narrow
from tests.support.chains import ROOT, start_anvil
from tests.support.commands import serving_market

UNKNOWN = "0x" + "77" * 32
ROLES = ("--guardian", address(GUARDIAN), "--governor", address(GOVERNOR))


@dataclass(frozen=True)
class Stage:
    """A market that Brownie deployed, and the settings with which Brownie finds it."""

    market: Market
    brownie: Brownie
    plan: Path


@dataclass(frozen=True)
class Work:
    """What happened on a stage: a job that is done, and one with a contested task."""

    done: Job
    done_batch: Batch
    job: Job
    batch: Batch
    dispute_id: int


@pytest.fixture(scope="module")
def stage(key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("market")
    plan, file = folder / "plan.json", folder / "deployment.json"
    plan.write_text(written_plan("development", *ROLES))
    with start_anvil() as url:
        mine(connect(url), 3)  # a market is rarely a chain's first block
        settings = {"FALLOW_RPC_URL": url, "FALLOW_KEY_FILE": str(key_file)}
        made = Brownie(settings).json("deploy", "main", str(plan))
        file.write_text(json.dumps(made))
        market = Market(connect(url), Deployment.from_json(made))
        yield Stage(market, Brownie(settings | {"FALLOW_DEPLOYMENT_FILE": str(file)}), plan)


@pytest.fixture(scope="module")
def work(stage: Stage) -> Work:
    market, contracts = stage.market, stage.market.contracts
    enrol(market, CHEAT)
    done = open_job(market, LEASE_TASKS)
    done_batch = commit(market, [done], (CHEAT, lease_of(market, done, 0)))
    later(market, contracts.params().dispute_window_seconds + 1)
    market.send(contracts.settle_batch(done_batch), OPERATOR)
    job = open_job(market)
    leases = [(CHEAT, lease_of(market, job, first)) for first in (0, LEASE_TASKS)]
    batch = commit(market, [job], *leases)
    market.send(contracts.fix_seed(batch.batch_id()), OPERATOR)
    return Work(done, done_batch, job, batch, dispute(market, batch, 1, LEASE_TASKS, VERIFIERS[0]))


def lease_of(market: Market, job: Job, first_task: int) -> LeaseResult:
    return do_lease(job_id_of(market, job), CHEAT, first_task, GOOD)


def job_id_of(market: Market, job: Job) -> Bytes32:
    return job.job_id(market.contracts.domain)


def written_plan(*arguments: str) -> str:
    command = [sys.executable, "-m", "deploy.plan", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def typed(value: object) -> str:
    """An id as an operator types it."""
    return to_hex(value) if isinstance(value, bytes) else str(value)


def facts(market: Market, contract: str, view: str, *arguments: object) -> dict[str, str]:
    """A view's (first) struct by the ABI, as the runtime's own code reads it."""
    (entry,) = [e for e in artifact(contract).abi if e.get("name") == view]
    answer = market.contracts.ask(contract, view, *arguments)
    fields = zip(entry["outputs"][0]["components"], answer, strict=True)
    return {f["name"]: typed(v) for f, v in fields if "enum" not in f["internalType"]}


def camel(value: object) -> Any:
    """JSON of the protocol under the contracts' names."""
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {re.sub("_(.)", lambda m: m[1].upper(), k): camel(v) for k, v in value.items()}


def test_what_the_script_deploys_is_what_the_runtime_expects(stage: Stage) -> None:
    market = stage.market
    roles = (address(GUARDIAN), address(GOVERNOR))
    check_deployment(market.web3, market.deployment, params.development(), *roles)
    assert market.contracts.token_balance(address(0)) == 10**9 * WEI_PER_CREDIT


def test_a_plan_names_no_guardian_and_no_governor_unless_told(stage: Stage, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(written_plan("development"))
    assert int(json.loads(plan.read_text())["guardian"], 16) == 0
    refusal = stage.brownie.refusal("deploy", "check", str(plan))
    assert refusal.startswith(f"terms.guardian: {address(GUARDIAN)} stands on chain")
    plan.write_text(written_plan("development", "--guardian", address(GUARDIAN)))
    assert int(json.loads(plan.read_text())["governor"], 16) == 0
    refusal = stage.brownie.refusal("deploy", "check", str(plan))
    assert refusal.startswith(f"terms.governor: {address(GOVERNOR)} stands on chain")


def test_a_job_is_shown_with_every_fact(stage: Stage, work: Work) -> None:
    job_id = job_id_of(stage.market, work.job)
    shown = stage.brownie.json("inspect", "job", typed(job_id))
    found = facts(stage.market, "Market", "job", job_id)
    assert int(found.pop("flags")) == JobFlag.OPENED
    assert shown["flags"] == ["opened"]
    for name, value in found.items():
        assert str(shown[name]) == value
    assert shown["cancelledAt"] == 0
    assert shown["status"] == "Running"
    table = stage.brownie.table("inspect", "job", typed(job_id))
    for name in shown:
        assert name in table
    assert address(REQUESTER) in table
    assert " credits\n" in table


def test_a_job_is_shown_as_it_was_signed(stage: Stage, work: Work) -> None:
    shown = stage.brownie.json("inspect", "job", typed(job_id_of(stage.market, work.done)))
    assert (shown["flags"], shown["status"]) == (["opened", "closed"], "Settled")
    assert Job.from_json(shown["signed"]) == work.done


def test_a_job_that_was_cancelled_before_it_was_opened_has_no_status(stage: Stage) -> None:
    market = stage.market
    job = replace(open_job(market), nonce=99)
    market.send(market.contracts.cancel_job(job, b""), REQUESTER)
    shown = stage.brownie.json("inspect", "job", typed(job_id_of(market, job)))
    assert shown["flags"] == ["cancelled"]
    assert shown["cancelledAt"] > 0
    assert "status" not in shown


def test_a_batch_is_shown_with_its_lines(stage: Stage, work: Work) -> None:
    contracts, batch_id = stage.market.contracts, work.batch.batch_id()
    shown = stage.brownie.json("inspect", "batch", typed(batch_id))
    found = facts(stage.market, "Market", "batch", batch_id)
    for name, value in found.items():
        assert str(shown[name]) == value
    assert shown["seed"] == typed(contracts.seed_of(batch_id))
    window_seconds = contracts.params().dispute_window_seconds
    assert shown["windowEndsAt"] == int(found["committedAt"]) + window_seconds
    lines = shown["lines"]
    assert [(line["isFinished"], line["isDisputed"]) for line in lines] == [
        (False, False),
        (False, True),
    ]
    assert_is_published(shown, work.batch)
    table = stage.brownie.table("inspect", "batch", typed(batch_id))
    rows = [row.split() for row in table.splitlines()]
    assert ["lines.1.firstTask", str(LEASE_TASKS)] in rows
    assert ["lines.1.amountWei", str(LEASE_TASKS * PRICE_WEI), "0.4", "credits"] in rows


def test_a_batch_that_the_chain_forgot_is_shown_as_published(stage: Stage, work: Work) -> None:
    batch_id = work.done_batch.batch_id()
    assert not stage.market.contracts.batch(batch_id).exists
    shown = stage.brownie.json("inspect", "batch", typed(batch_id))
    assert shown["isFinished"] is True
    assert_is_published(shown, work.done_batch)


def test_a_batch_has_no_seed_before_its_block(stage: Stage) -> None:
    market, contracts = stage.market, stage.market.contracts
    job = open_job(market)
    result = lease_of(market, job, 0)
    signature = result.sign(contracts.domain, development_account(CHEAT))
    market.send(contracts.commit_batch({result.job_id: job}, [result], [signature]), OPERATOR)
    batch_id = events(market, "BatchCommitted")[-1].args["batch_id"]
    assert stage.brownie.json("inspect", "batch", typed(batch_id))["seed"] is None
    mine(market.web3, contracts.params().seed_delay_blocks + 1)
    seed = stage.brownie.json("inspect", "batch", typed(batch_id))["seed"]
    assert seed == typed(contracts.seed_of(batch_id))


def test_what_was_signed_is_found_however_long_ago(stage: Stage) -> None:
    market, settings = stage.market, stage.brownie.settings
    job = open_job(market)
    for _ in range(25):  # in pieces, each of which is mined well before we stop waiting for it
        rpc(market.web3, "anvil_mine", hex(100))
    with narrow(settings["FALLOW_RPC_URL"], 1_000) as url:
        beside = Brownie({**settings, "FALLOW_RPC_URL": url})
        shown = beside.json("inspect", "job", typed(job_id_of(market, job)))
    assert Job.from_json(shown["signed"]) == job
    with narrow(settings["FALLOW_RPC_URL"], 0) as url:
        beside = Brownie({**settings, "FALLOW_RPC_URL": url})
        refusal = beside.refusal("inspect", "job", typed(job_id_of(market, job)))
    assert refusal.startswith("the chain's endpoint tells no events: ")
    assert "search at most 0 blocks" in refusal


def assert_is_published(shown: dict[str, Any], batch: Batch) -> None:
    wanted = camel(batch.to_json())
    for name in ("operator", "jobs", "providers"):
        assert shown[name] == wanted[name]
    for found, line in zip(shown["lines"], wanted["lines"], strict=True):
        line["amountWei"] = line.pop("amount")
        assert line.items() <= found.items()


def test_a_dispute_is_shown_with_its_committee(stage: Stage, work: Work) -> None:
    shown = stage.brownie.json("inspect", "dispute", typed(work.dispute_id))
    for name, value in facts(stage.market, "Market", "dispute", work.dispute_id).items():
        assert str(shown[name]) == value
    assert shown["batchId"] == typed(work.batch.batch_id())
    assert (shown["line"], shown["status"], shown["isMoot"]) == (1, "Open", False)
    assert shown["committee"]["isDrawn"] is False


def test_an_account_is_shown_with_its_wallet(stage: Stage, work: Work) -> None:
    shown = stage.brownie.json("inspect", "account", address(CHEAT))
    for name, value in facts(stage.market, "Market", "account", address(CHEAT)).items():
        assert str(shown[name]) == value
    assert int(shown["stakeWei"]) == STAKE_WEI + LEASE_TASKS * PRICE_WEI
    assert (shown["openDisputes"], shown["epoch"]) == (1, 0)
    assert shown["walletWei"] == str(stage.market.contracts.token_balance(address(CHEAT)))


def test_the_market_is_shown_with_its_terms(stage: Stage) -> None:
    shown = stage.brownie.json("inspect")
    assert shown["market"] == stage.market.deployment.market
    assert (shown["guardian"], shown["governor"]) == (address(GUARDIAN), address(GOVERNOR))
    assert shown["params"]["seatStakeWei"] == str(params.development().seat_stake_wei)


def test_what_is_not_there_is_one_line(stage: Stage) -> None:
    refusal = stage.brownie.refusal
    assert refusal("inspect", "job", UNKNOWN) == f"the market knows no job {UNKNOWN}"
    assert refusal("inspect", "batch", UNKNOWN) == f"the market knows no batch {UNKNOWN}"
    assert refusal("inspect", "batch", "7").startswith("batchId is 0x and 64 hex digits")
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
    assert report["annex"]["terms"] == report["market"]["terms"]
    assert report["market"]["eip712Domain"]["verifyingContract"] == report["arbiter"]["market"]
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


def test_an_arbiter_that_knows_games_is_deployed_as_planned(stage: Stage, tmp_path: Path) -> None:
    plan = tmp_path / "bisection.json"
    plan.write_text(written_plan("development", "--arbiter", "bisection"))
    made = stage.brownie.json("deploy", "main", str(plan))
    deployment = Deployment.from_json(made)
    games = params.development_games()
    terms = params.with_games(params.development(), games)
    check_deployment(stage.market.web3, deployment, terms, games=games)
    wanted = json.loads(plan.read_text())
    wanted["times"]["clock_seconds"] += 1
    plan.write_text(json.dumps(wanted))
    settings = stage.brownie.settings | {"FALLOW_DEPLOYMENT_FILE": str(tmp_path / "made.json")}
    (tmp_path / "made.json").write_text(json.dumps(made))
    refusal = Brownie(settings).refusal("deploy", "check", str(plan))
    assert refusal.startswith(f"arbiter.clockSeconds: {games.clock_seconds} stands on chain")
    del wanted["times"]
    plan.write_text(json.dumps(wanted))
    assert "only with it" in stage.brownie.refusal("deploy", "main", str(plan))


def test_the_guardian_pauses_intake_for_a_while(stage: Stage, tmp_path: Path) -> None:
    market, brownie = stage.market, stage.brownie
    market.fund(REQUESTER, 2)
    deposit = market.contracts.deposit(1)
    market.send(market.contracts.token_transfer(address(REQUESTER), 1))
    market.send(market.contracts.token_approve(1), REQUESTER)
    assert "NotTheGuardian" in brownie.refusal("pause", "main", "60")
    assert brownie.json("pause", "show") == {
        "guardian": address(GUARDIAN),
        "isPaused": False,
        "pausedUntil": 0,
        "nextPauseAt": 0,
    }
    key = {"FALLOW_KEY_FILE": str(write_key_of(GUARDIAN, tmp_path))}
    guarding = Brownie(brownie.settings | key)
    assert "PauseTooLong" in guarding.refusal("pause", "main", str(8 * 24 * 3600))
    assert guarding.refusal("pause", "main", "soon") == "pauseSeconds is a number, not soon"
    assert guarding.refusal("pause", "main") == "usage: run pause main SECONDS"
    paused = guarding.json("pause", "main", "60")
    assert paused["isPaused"] is True
    assert paused["nextPauseAt"] == paused["pausedUntil"] + 60
    with pytest.raises(ChainRejected, match=r"^IntakePaused\("):
        market.contracts.check(deposit, address(REQUESTER))
    market.contracts.check(market.contracts.withdraw(1, address(REQUESTER)), address(REQUESTER))
    assert "PausedTooSoon" in guarding.refusal("pause", "main", "60")
    later(market, 61)
    market.contracts.check(deposit, address(REQUESTER))
    assert brownie.json("pause", "show")["isPaused"] is False


def test_the_governor_changes_the_terms_of_disputes_after_a_notice(
    stage: Stage, tmp_path: Path
) -> None:
    market, brownie = stage.market, stage.brownie
    before = brownie.json("govern", "show")
    assert before["governor"] == address(GOVERNOR)
    assert before["noticeSeconds"] == market.contracts.notice_seconds()
    assert (before["proposal"], before["canBeEnacted"]) == (None, False)
    wanted = {
        "disputeBondWei": str(20 * WEI_PER_CREDIT),
        "slashMultiple": 90,
        "concedeMultiple": 70,
        "committeeSize": 5,
    }
    asked = ("govern", "propose", *map(str, wanted.values()))
    assert "NotTheGovernor" in brownie.refusal(*asked)
    key = {"FALLOW_KEY_FILE": str(write_key_of(GOVERNOR, tmp_path))}
    governing = Brownie(brownie.settings | key)
    assert "an odd committee of 3-31" in governing.refusal(*asked[:-1], "4")
    assert governing.refusal(*asked[:-1], "five") == "committeeSize is a number, not five"
    assert governing.refusal("govern", "propose", "1").startswith("usage: run govern propose DIS")
    assert governing.json(*asked)["proposal"]["wanted"] == wanted
    assert "NoticeRunning" in brownie.refusal("govern", "enact")
    assert governing.json("govern", "withdraw")["proposal"] is None
    assert "NoProposal" in governing.refusal("govern", "withdraw")
    proposed = governing.json(*asked)
    assert proposed["current"] == before["current"]
    later(market, proposed["noticeSeconds"] + 1)
    assert brownie.json("govern", "show")["canBeEnacted"] is True
    assert brownie.json("govern", "enact")["current"] == wanted
    refusal = brownie.refusal("deploy", "check", str(stage.plan))
    assert refusal.startswith(f"disputeBondWei: {20 * WEI_PER_CREDIT} stands on chain, not")


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
