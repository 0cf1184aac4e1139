"""The projection: every event once, the same after a reorganisation, the same made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from market.projection import codec
from market.store.projected import PROJECTIONS
from protocol.batch import Batch, JobRef, LeaseLine, Party
from protocol.chain.connection import rpc
from protocol.chain.events import ChainEvent
from protocol.job import Job
from protocol.lease import LeaseResult
from protocol.units import ZERO_BYTES32, Address, Bytes32
from tests.market.stage import Stage

ONE = Address("0x" + "11" * 20)


def projected(stage: Stage) -> dict[str, list[Any]]:
    with stage.market.store.read() as unit:
        return {
            table.name: sorted(
                tuple(map(str, row)) for row in unit.connection.execute(select(table))
            )
            for table in PROJECTIONS
        }


def test_made_anew_it_is_the_same(any_stage: Stage) -> None:
    stage = any_stage
    requester, device = stage.person(100), stage.provider(50)
    stage.job(requester, 4)
    stage.run_all([device])
    stage.settle()
    before = projected(stage)
    assert before["chain_jobs"]
    assert before["chain_leases"]
    from market.projection import facts

    with stage.market.store.write() as unit:
        unit.chain.forget_after(1 << 40)
        for row in unit.chain.logged():
            facts.apply(unit, codec.from_row(row))
    assert projected(stage) == before


def test_a_reorganisation_is_rolled_back_and_sent_again(stage: Stage) -> None:
    web3 = stage.contracts.web3
    requester = stage.person(100)
    draft = stage.draft(requester)
    stage.mine()
    stage.keep()
    depth_before = stage.contracts.block_number()
    draft.post()
    stage.keep_until(lambda: stage.client(requester).job(draft.job_id).is_on_chain)
    depth = stage.contracts.block_number() - depth_before
    rpc(web3, "anvil_reorg", depth, [])
    stage.mine()
    stage.market.keeper._parts.projector.advance()
    assert not stage.client(requester).job(draft.job_id).is_on_chain
    stage.keep_until(lambda: stage.client(requester).job(draft.job_id).is_on_chain)


@pytest.mark.parametrize(
    "value",
    [
        5,
        1 << 200,
        "0x1234",
        b"\x01\x02",
        ("a", "b"),
        (),
        True,
        Job(ONE, ONE, ONE, ZERO_BYTES32, 1, 2, 3, 4, 5, 6, 7),
        LeaseResult(ZERO_BYTES32, ZERO_BYTES32, ONE, 1, 2, 3, ZERO_BYTES32),
        Batch(
            ONE,
            (JobRef(ZERO_BYTES32, ONE, 5),),
            (Party(ONE, 1 << 90),),
            (LeaseLine(ZERO_BYTES32, ZERO_BYTES32, 0, 0, 1, 2, 1 << 80),),
        ),
    ],
)
def test_events_survive_json(value: Any) -> None:
    import json

    event = ChainEvent("Kind", {"it": value}, 1, Bytes32(bytes(32)), 2, Bytes32(bytes(32)), 3)
    row = codec.to_row(event)
    row["args"] = json.loads(json.dumps(row["args"]))
    assert codec.from_row(row) == event


def test_the_schema_is_what_the_tables_say(any_stage: Stage) -> None:
    """The migrations and the tables must not drift apart."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from market.store.tables import metadata

    with any_stage.market.store.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_nothing_is_lost_when_a_database_is_opened_again(stage: Stage, tmp_path: Path) -> None:
    from market.store.schema import migrate

    stage.job(stage.person(100), 2)
    before = projected(stage)
    migrate(stage.market.store.engine)
    assert projected(stage) == before


@pytest.mark.parametrize("kind", ["GameEscalated", "Appealed"])
def test_a_dispute_that_is_judged_anew_waits_for_another_committee(stage: Stage, kind: str) -> None:
    from market.projection import facts

    def happened(name: str, **args: Any) -> None:
        event = ChainEvent(name, {"dispute_id": 7, **args}, 1, ZERO_BYTES32, 2, ZERO_BYTES32, 3)
        with stage.market.store.write() as unit:
            facts.apply(unit, event)

    lease = LeaseResult(ZERO_BYTES32, ZERO_BYTES32, ONE, 1, 2, 3, ZERO_BYTES32)
    names = {"lease_id": ZERO_BYTES32, "batch_id": ZERO_BYTES32, "task": 1}
    happened("DisputeOpened", challenger=ONE, lease=lease, **names)
    happened("CommitteeCalled", seed_block=5)
    happened("CommitteeDrawn", members=(ONE,), commit_by=10, reveal_by=20, open_by=30)
    happened("VoteCommitted", member=ONE)
    happened("VoteRevealed", member=ONE)
    happened(kind)
    with stage.market.store.read() as unit:
        found = unit.disputes.get(7)
    assert found is not None
    assert (found.members, found.seed_block) == (None, None)
    assert (found.votes, found.reveals, found.reveal_by) == (0, 0, None)
