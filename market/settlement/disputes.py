"""Moving disputes on: what anyone may do, the keeper does when its time has come."""

from __future__ import annotations

from market.audits.service import opening
from market.settlement.pokes import poke
from market.store.records import Contradiction, DisputeRecord
from market.store.unit import Store, Unit
from protocol.chain.contracts import Contracts
from protocol.chain.facts import Params
from protocol.errors import NotFound
from protocol.result import Opening
from protocol.units import Bytes32


class DisputeKeeping:
    """Draws committees, opens claims, resolves, and unseats who agreed with a wrong result.

    Times are the chain's.
    """

    def __init__(self, store: Store, contracts: Contracts, params: Params) -> None:
        self._store = store
        self._contracts = contracts
        self._params = params

    def advance(self, block: int, now: int) -> None:
        """One step for each open dispute."""
        with self._store.read() as unit:
            disputes = unit.disputes.open()
        for dispute in disputes:
            with self._store.write() as unit:
                self._step(unit, dispute, block, now)

    def contradict(self, now: int) -> None:
        """Unseat verifiers that agreed with what a committee has ruled wrong: each once."""
        with self._store.read() as unit:
            found = [
                (_contradiction_key(wrong), wrong)
                for wrong in unit.disputes.contradicted()
                if unit.relays.get(_contradiction_key(wrong)) is None
            ]
        for key, wrong in found:
            with self._store.write() as unit:
                opened = _opening(unit, wrong.lease_id, wrong.task)
                if opened is not None:
                    call = self._contracts.contradict(wrong.dispute_id, wrong.round, opened)
                    unit.relays.add(key, call, now)

    def _step(self, unit: Unit, dispute: DisputeRecord, block: int, now: int) -> None:
        number = dispute.dispute_id
        lease = unit.chain.lease(dispute.lease_id)
        if lease is not None and not lease.is_open:
            poke(unit, f"resolve:{number}", self._contracts.resolve(number), now)
        elif dispute.members is None:
            seed_block = dispute.seed_block or 0
            is_time = now > dispute.opened_at + self._params.concede_seconds
            if is_time and block > seed_block:
                # Named by that block: the first call only names one, and it may have to be another.
                name = f"draw:{number}:{seed_block}"
                poke(unit, name, self._contracts.draw_committee(number), now)
        elif _is_reveal_over(dispute, now):
            self._conclude(unit, dispute, now)

    def _conclude(self, unit: Unit, dispute: DisputeRecord, now: int) -> None:
        number = dispute.dispute_id
        is_openable = now <= (dispute.open_by or 0) and dispute.reveals > 0
        if not dispute.is_claim_opened and is_openable:
            opened = _opening(unit, dispute.lease_id, dispute.task)
            if opened is not None:
                call = self._contracts.open_claim(number, opened)
                poke(unit, f"open-claim:{number}", call, now)
            return
        poke(unit, f"resolve:{number}", self._contracts.resolve(number), now)


def _opening(unit: Unit, lease_id: Bytes32, task: int) -> Opening | None:
    """None: another market's lease; its keeper, or its provider, opens it."""
    try:
        return opening(unit, lease_id, task)
    except NotFound:
        return None


def _contradiction_key(wrong: Contradiction) -> str:
    return f"contradict:{wrong.dispute_id}:{wrong.round}"


def _is_reveal_over(dispute: DisputeRecord, now: int) -> bool:
    """As the contract's `_isRevealOver`, from the events alone."""
    assert dispute.members is not None
    is_commit_over = dispute.votes == len(dispute.members) or now > (dispute.commit_by or 0)
    is_complete = is_commit_over and dispute.reveals == dispute.votes
    return is_complete or now > (dispute.reveal_by or 0)
