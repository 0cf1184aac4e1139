"""One attack by a provider and its friends, step by step, and what it brings them to the wei."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocol.dispute import DisputeStatus
from protocol.pricing import Split
from protocol.result import Outcome
from protocol.units import WEI_PER_CREDIT, Bytes32
from tests.support.arena import Arena
from tests.support.grinding import grinding_inputs
from tests.support.rogue import Delivered, Lie, Rogue, honestly

BONDS_WEI = 100 * WEI_PER_CREDIT
STRANGER = "requester"


def right(_: int, data: bytes) -> Outcome:
    """What the program gives."""
    return honestly(data)


def lies(task: int, _: bytes) -> Outcome:
    """Something made up."""
    return Outcome(b"lies %d" % task)


def wrong_at(*wrong: int) -> Lie:
    """Lies about these tasks, what is right about all others."""
    return lambda task, data: (lies if task in wrong else right)(task, data)


@dataclass
class Attack:
    """Who is in league, what they owned before, and what the rules should have made of it.

    A stake of `stake_prices` None is 0.8 prices: so little that every task is audited.
    """

    arena: Arena
    name: str
    stake_prices: int | None = None
    owner: str = STRANGER
    coalition: list[str] = field(default_factory=list)
    own_jobs: list[Bytes32] = field(default_factory=list)
    before_wei: int = 0
    expected_wei: int = 0
    ask_wei: int | None = None
    works: list[Delivered] = field(default_factory=list)

    def begin(self, tasks: int) -> None:
        """Enrol the attacker, and post the job that only its offer fits."""
        self.rogue = Rogue(self.arena, self.name, self.arena.tier(), self.ask_wei)
        self.rogue.enrol(self.stake_wei)
        self.coalition.append(self.name)
        requester = self.arena.requester_named(self.owner)
        is_own = self.owner != STRANGER
        self.coalition += [self.owner] if is_own else []
        self.before_wei += self.arena.wealth_wei(self.coalition)
        self.inputs = grinding_inputs(tasks, 0.001, self.name)
        self.handle = self.arena.post(requester, self.inputs, self.rogue.tier, self.price_wei)
        self.own_jobs += [self.handle.job_id] if is_own else []

    @property
    def price_wei(self) -> int:
        """R."""
        return self.rogue.price_wei

    @property
    def relayer_fee_wei(self) -> int:
        """What posting a job costs beside its escrow."""
        return int(self.arena.market.market().relayer_fee_wei)

    @property
    def stake_wei(self) -> int:
        """What the attacker has put up."""
        if self.stake_prices is None:
            return self.price_wei * 8 // 10
        return self.stake_prices * self.price_wei

    def deliver(self, lie: Lie) -> Delivered:
        """Take the next lease and answer by `lie`."""
        self.works.append(self.rogue.deliver(self.rogue.take(), lie))
        return self.works[-1]

    def deliver_one_lie(self) -> Delivered:
        """Take the next lease; of its tasks the first one's result is wrong."""
        grant = self.rogue.take()
        first = int(grant.lease["firstTask"])
        self.works.append(self.rogue.deliver(grant, wrong_at(first)))
        return self.works[-1]

    def friend(self) -> str:
        """Somebody with bonds, in league with the attacker."""
        name = f"{self.name}-friend-{len(self.coalition)}"
        self.arena.person(name, BONDS_WEI)
        self.coalition.append(name)
        self.before_wei += self.arena.wealth_wei([name])
        return name

    def contest(self, by: str, work: Delivered, task: int) -> int:
        """Contest a task; the dispute's id."""
        call = self.arena.contracts().open_dispute(work.batch, work.line, task)
        self.arena.send(self.arena.key(by), call)
        return self.arena.await_dispute(work.result.lease_id, task)

    def found(self, work: Delivered) -> int:
        """The dispute that a verifier opens about a lease that it finds wrong."""
        return self.arena.await_dispute(work.result.lease_id)

    def concede(self, dispute_id: int) -> None:
        """Admit it."""
        contracts = self.arena.contracts()
        self.arena.send(self.rogue.account, contracts.concede(dispute_id))
        assert contracts.dispute(dispute_id).status == DisputeStatus.CONCEDED

    def loses(self, dispute_id: int, split: Split, *, challenger_is_friend: bool = False) -> None:
        """Check that the dispute took just that, and count it against the coalition."""
        args = self.arena.await_event("Slashed", lambda e: e.args["dispute_id"] == dispute_id).args
        assert args["provider"] == self.rogue.address
        assert args["amount_wei"] == split.total_wei
        assert args["to_requester_wei"] == split.requester_wei
        assert args["to_challenger_wei"] == split.challenger_wei
        self.expected_wei -= split.total_wei
        if challenger_is_friend:
            self.expected_wei += split.challenger_wei

    def gain_wei(self) -> int:
        """What the coalition owns more than before, its own jobs' escrows included."""
        states = [self.arena.contracts().job(job_id) for job_id in self.own_jobs]
        escrows_wei = sum(state.escrow_wei + state.audit_escrow_wei for state in states)
        return self.arena.wealth_wei(self.coalition) + escrows_wei - self.before_wei
