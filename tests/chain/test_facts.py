"""Our copies of the contracts' structs have their fields, in their order."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from protocol.batch import Batch
from protocol.bisection import Game, GameTimes
from protocol.chain import params
from protocol.chain.codec import artifact
from protocol.chain.facts import (
    AcceptedAudit,
    AccountFacts,
    AuditClaim,
    AuditRef,
    BatchFacts,
    CommitteeFacts,
    Deployment,
    DisputeFacts,
    JobState,
    Params,
)
from protocol.delegation import Delegation
from protocol.errors import InvalidInput
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.request import Request
from protocol.sampling import Seat
from protocol.typed_data import snake_case
from protocol.units import Address


def returned(contract: str, function: str) -> list[Any]:
    entry = next(e for e in artifact(contract).abi if e.get("name") == function)
    first, *more = entry["outputs"]
    return [*first["components"], *more]


def taken(name: str, index: int) -> list[Any]:
    entry = next(e for e in artifact("Market").abi if e.get("name") == name)
    return list(entry["inputs"][index]["components"])


@pytest.mark.parametrize(
    ("ours", "components"),
    [
        (Params, returned("Terms", "params")),
        (AccountFacts, returned("Market", "account")),
        (JobState, returned("Market", "job")),
        (BatchFacts, [*returned("Market", "batch"), {"name": "seatCount"}]),
        (Seat, returned("Market", "seat")),
        (DisputeFacts, returned("Market", "dispute")),
        (CommitteeFacts, returned("CommitteeArbiter", "committee")),
        (Game, returned("BisectionArbiter", "game")),
        (GameTimes, returned("BisectionArbiter", "times")),
        (Job, taken("openJob", 0)),
        (Job, taken("commitBatch", 0)),
        (Batch, taken("settleBatch", 0)),
        (Request, taken("relay", 0)),
        (Delegation, taken("delegate", 0)),
        (LeaseResult, taken("DisputeOpened", 6)),
        (AuditClaim, taken("acceptAudits", 2)),
        (AuditRef, taken("payAudits", 1)),
        (AcceptedAudit, returned("Market", "acceptedAudit")),
    ],
)
def test_mirrors_the_struct(ours: Any, components: list[Any]) -> None:
    names = [field.name.removesuffix("_wei") for field in fields(ours)]
    assert names == [snake_case(c["name"]).removesuffix("_wei") for c in components]


@pytest.mark.parametrize("made", [params.development(), params.production()])
def test_params_travel_as_json(made: Params) -> None:
    assert Params.from_json(made.to_json()) == made
    assert isinstance(made.to_json()["seat_stake_wei"], str)


def test_a_deployment_travels_as_json() -> None:
    a, b = Address("0x" + "11" * 20), Address("0x" + "22" * 20)
    made = Deployment(31337, a, b, a, b, 7)
    assert Deployment.from_json(made.to_json()) == made
    assert made.domain.market == b


@pytest.mark.parametrize("broken", [None, {}, {"chain_id": 1}])
def test_other_json_is_refused(broken: object) -> None:
    with pytest.raises(InvalidInput):
        Deployment.from_json(broken)
    with pytest.raises(InvalidInput):
        Params.from_json(broken)


def test_a_market_answers_to_all_of_its_interface() -> None:
    """Its artifact has IMarket's functions, also those that only Annex's code has."""
    functions = {e["name"] for e in artifact("Market").abi if e["type"] == "function"}
    assert {"commitBatch", "settleBatch", "relay", "payAudits", "contradict", "seedOf"} <= functions
    (constructor,) = [e for e in artifact("Market").abi if e["type"] == "constructor"]
    assert [i["name"] for i in constructor["inputs"]][-1] == "annex_"
    assert artifact("Market").bytecode != artifact("Annex").bytecode
