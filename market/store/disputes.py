"""Queries of the projected disputes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, insert, select, update

from market.store.projected import chain_audits, chain_disputes
from market.store.records import (
    Contradiction,
    DisputeCommitment,
    DisputeRecord,
    columns,
    many,
    one,
)
from market.store.tables import dispute_commitments
from protocol.dispute import LOST_VERDICTS, Verdict
from protocol.units import Bytes32

_COLUMNS = columns(DisputeRecord, chain_disputes)


class Disputes:
    """Disputes as their events tell them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: Mapping[str, Any]) -> None:
        """A dispute was opened."""
        blank = {"is_claim_opened": False, "is_conceded": False, "slashed_wei": 0}
        self._connection.execute(insert(chain_disputes), {**blank, **row})

    def set(self, dispute_id: int, **values: object) -> None:
        """Set a dispute's columns."""
        change = update(chain_disputes).where(chain_disputes.c.dispute_id == dispute_id)
        self._connection.execute(change.values(**values))

    def count_vote(self, dispute_id: int, *, is_reveal: bool) -> None:
        """One more vote committed or revealed."""
        column = chain_disputes.c.reveals if is_reveal else chain_disputes.c.votes
        self.set(dispute_id, **{column.name: column + 1})

    def get(self, dispute_id: int) -> DisputeRecord | None:
        """A dispute."""
        query = select(*_COLUMNS).where(chain_disputes.c.dispute_id == dispute_id)
        return one(DisputeRecord, self._connection.execute(query).one_or_none())

    def lost_about(self, lease_id: Bytes32) -> list[DisputeRecord]:
        """The disputes that a lease was lost by."""
        query = select(*_COLUMNS).where(
            chain_disputes.c.lease_id == lease_id,
            chain_disputes.c.verdict.in_(LOST_VERDICTS),
        )
        return many(DisputeRecord, self._connection.execute(query))

    def has_strikes(self, provider: str, besides: int) -> bool:
        """Whether the provider has lost or conceded a dispute other than `besides`."""
        query = select(chain_disputes.c.dispute_id).where(
            chain_disputes.c.provider == provider,
            chain_disputes.c.dispute_id != besides,
            chain_disputes.c.verdict == Verdict.PROVIDER_LOST,
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def contradicted(self) -> list[Contradiction]:
        """Accepted audits of tasks that a committee has ruled wrong."""
        disputes, audits = chain_disputes.c, chain_audits.c
        query = (
            select(disputes.dispute_id, disputes.lease_id, disputes.task, audits.round)
            .join(
                chain_audits,
                (audits.batch_id == disputes.batch_id)
                & (audits.lease_id == disputes.lease_id)
                & (audits.task == disputes.task),
            )
            .where(
                disputes.verdict == Verdict.PROVIDER_LOST,
                disputes.is_conceded.is_(False),
            )
            .order_by(disputes.dispute_id, audits.round)
        )
        return many(Contradiction, self._connection.execute(query))

    def is_suspect(self, provider: str, since: int) -> bool:
        """Whether the provider is in a dispute now, or was slashed after `since`."""
        is_fresh = chain_disputes.c.slash_block.is_not(None) & (
            chain_disputes.c.resolved_at > since
        )
        query = select(chain_disputes.c.dispute_id).where(
            chain_disputes.c.provider == provider, chain_disputes.c.resolved_at.is_(None) | is_fresh
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def commitment(self, bound: DisputeCommitment) -> Bytes32 | None:
        """What the member is bound to already in that dispute of that task."""
        made = dispute_commitments.c
        query = select(made.commitment).where(
            made.dispute_id == bound.dispute_id,
            made.member == bound.member,
            made.lease_id == bound.lease_id,
            made.task == bound.task,
        )
        return self._connection.execute(query).scalar()

    def bind(self, made: DisputeCommitment) -> None:
        """Keep what a member is bound to."""
        self._connection.execute(insert(dispute_commitments), asdict(made))

    def open(self) -> list[DisputeRecord]:
        """Disputes without an end."""
        query = select(*_COLUMNS).where(chain_disputes.c.resolved_at.is_(None))
        return many(
            DisputeRecord, self._connection.execute(query.order_by(chain_disputes.c.dispute_id))
        )
