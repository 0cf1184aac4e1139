"""A verifier that is played by the test: it holds seats, is drawn, and signs whatever it likes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from protocol.audit import AuditCommitment, AuditResult, commitment
from protocol.chain.calls import Call
from protocol.chain.facts import AuditClaim
from protocol.client.audits import read_opening
from protocol.client.wire import AuditCommitmentRequest, AuditOutcome, AuditResultRequest
from protocol.errors import Conflict, Forbidden, NotFound
from protocol.result import Opening
from protocol.sampling import Draw, draw_verifiers, seat_index
from protocol.units import WEI_PER_CREDIT, Address, Bytes32, to_hex
from tests.support.arena import WAIT_SECONDS, Arena
from tests.support.rogue import Delivered
from verifier.enrolment import held_seats

SALT = Bytes32(b"\x78" * 32)


def draws_of(arena: Arena, work: Delivered, task: int) -> tuple[Draw, ...]:
    """Who is drawn for a task, once its batch has a seed."""
    contracts, batch = arena.contracts(), work.batch
    seed, facts = arena.await_seed(work.batch_id), contracts.batch(work.batch_id)
    return draw_verifiers(
        seed,
        work.result.lease_id,
        task,
        batch.audit_rate_ppm(work.line),
        contracts.seats()[: facts.seat_count],
        facts.commit_block,
        {work.result.provider, batch.requester(work.line), batch.operator},
    )


@dataclass
class Liar:
    """Each lie can cost the seat that was drawn for it."""

    arena: Arena
    name: str

    @property
    def account(self) -> LocalAccount:
        return self.arena.key(self.name)

    @property
    def address(self) -> Address:
        return Address(self.account.address)

    def sit_down(self, seats: int) -> None:
        """Take seats."""
        stake_wei = seats * self.arena.params.seat_stake_wei
        self.arena.person(self.name, stake_wei + 10 * WEI_PER_CREDIT)
        self.arena.send(self.account, self.arena.contracts().take_seats(seats))

    def stand_up(self) -> None:
        """Leave every seat; what stands behind them can still be taken."""
        contracts = self.arena.contracts()
        seats = held_seats(contracts, self.address)
        if seats:
            self.arena.send(self.account, contracts.leave_seats(seats))

    def drawn(self, work: Delivered, task: int, *, is_alone: bool) -> Draw | None:
        """How it is drawn for the task; None: not at all, or if `is_alone`, others are too."""
        draws = draws_of(self.arena, work, task)
        mine = [draw for draw in draws if draw.holder == self.address]
        return mine[0] if mine and not (is_alone and len(draws) > 1) else None

    def seat_of(self, work: Delivered, task: int, draw: Draw) -> int:
        """The seat that was drawn."""
        contracts = self.arena.contracts()
        seed, seats = contracts.seed_of(work.batch_id), contracts.batch(work.batch_id).seat_count
        return seat_index(seed, work.result.lease_id, task, draw.attempt, seats)

    def commit(self, work: Delivered, task: int, digest: Bytes32) -> Opening:
        """Bind itself at the market to a digest; what the market then opens."""
        bound = commitment(self.address, digest, SALT)
        message = AuditCommitment(work.batch_id, work.result.lease_id, task, bound)
        client = self.arena.client(self.account)
        signature = to_hex(message.sign(client.domain, self.account))
        request = AuditCommitmentRequest(commitment=message.to_json(), signature=signature)
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                return read_opening(client.commit_audit(request))
            except (Conflict, Forbidden, NotFound):  # the market has not seen the seed yet
                assert time.monotonic() < deadline
                time.sleep(0.3)

    def reveal(self, work: Delivered, task: int, digest: Bytes32) -> AuditOutcome:
        """Show the market what it found, as it says."""
        message = AuditResult(work.batch_id, work.result.lease_id, task, digest, SALT)
        client = self.arena.client(self.account)
        signature = to_hex(message.sign(client.domain, self.account))
        return client.post_audit_result(
            AuditResultRequest(result=message.to_json(), signature=signature)
        )

    def acceptance(
        self, work: Delivered, task: int, draw: Draw, digest: Bytes32, opening: Opening
    ) -> Call:
        """The call that sets a fee aside for having found `digest`, past the market."""
        contracts = self.arena.contracts()
        message = AuditResult(work.batch_id, work.result.lease_id, task, digest, SALT)
        claim = AuditClaim(
            line=work.line,
            task=task,
            attempt=draw.attempt,
            verifier=draw.holder,
            task_digest=digest,
            salt=SALT,
            signature=message.sign(contracts.domain, self.account),
            leaf_salt=opening.salt,
            proof=opening.proof,
        )
        seats = contracts.batch(work.batch_id).seat_count
        return contracts.accept_audits(work.batch, seats, [claim])
