"""Operators that hold back, with a provider in league, and hoarders: others go on without them.

The market is the real one; verifiers reach it through an edge at which its operator hides what it
likes. The last test is the operator's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from deploy.stack import ProviderPlan
from protocol.batch import Batch
from protocol.chain.events import ChainEvent
from protocol.chain.facts import AuditRef
from protocol.dispute import UNAVAILABLE, Verdict
from protocol.errors import LeaseLost
from protocol.pricing import bond_wei, slash_wei, split_slash
from protocol.units import WEI_PER_CREDIT
from requester.handle import JobHandle
from tests.support.arena import ARENA, Arena, open_arena, price_of
from tests.support.attack import BONDS_WEI, Attack, lies, right
from tests.support.edge import Edge, serve
from tests.support.grinding import GRINDING, grinding_inputs, run_locally
from tests.support.rogue import Rogue
from verifier.enrolment import held_seats

pytestmark = pytest.mark.timeout(300)
VERIFIERS = ("v1", "v2", "v3", "v4")
PARAMS = replace(ARENA, concede_seconds=3)
# After so long a committee's last phase is over, however early the others ended.
JUDGING_SECONDS = PARAMS.commit_seconds + PARAMS.reveal_seconds + PARAMS.open_seconds + 1
WATCHER = "watcher"
P1_STAKE_WEI = 40 * WEI_PER_CREDIT
EDGES: list[Edge] = []


@contextmanager
def edge_of(arena: Arena) -> Iterator[str]:
    with serve(Edge(arena.url, arena.contracts())) as edge:
        EDGES.append(edge)
        yield edge.url


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    folder = tmp_path_factory.mktemp("arena")
    with open_arena(folder, VERIFIERS, (), PARAMS, edge_of) as opened:
        yield opened


@pytest.fixture(scope="module")
def edge(arena: Arena) -> Edge:
    return EDGES[-1]


def delivered(arena: Arena, name: str, edge: Edge, hides: tuple[str, ...]) -> Attack:
    """A lease of one task, surely audited; of it the edge hides these things from the start."""
    attack = Attack(arena, name)
    attack.begin(tasks=1)
    grant = attack.rogue.take()
    for what in hides:
        getattr(edge, f"hidden_{what}").add(grant.lease_id)
    lie = lies if "inputs" in hides else right
    attack.works.append(attack.rogue.deliver(grant, lie))
    return attack


def contested_for_want_of_an_opening(attack: Attack) -> int:
    """Verifiers wait for half of the window, and then contest what nobody opens for them."""
    attack.arena.until(
        lambda: any(attack.arena.contracts().seed_of(attack.works[0].batch_id)), "the seed"
    )
    attack.arena.move_clock(PARAMS.dispute_window_seconds // 2)
    return attack.found(attack.works[0])


def challenger_of(arena: Arena, dispute_id: int) -> str:
    found = arena.contracts().dispute(dispute_id).challenger
    return next(name for name in VERIFIERS if arena.address(name) == found)


def test_a_hoarder_of_leases_is_paid_nothing_and_others_do_the_work(arena: Arena) -> None:
    """It takes a lease and falls silent; what it hands in after the lease's end is refused."""
    hoarder = Rogue(arena, "hoarder", arena.tier())
    hoarder.enrol(60 * hoarder.price_wei)
    before_wei = arena.wealth_wei(["hoarder"])
    inputs = grinding_inputs(3, 0.05, "hoarded")
    requester = arena.requester_named("requester")
    handle = arena.post(requester, inputs, hoarder.tier, price_of(0))
    grant = hoarder.take()
    outcomes = [right(0, data) for data in hoarder.inputs(grant)]
    arena.start_providers([ProviderPlan("p1", P1_STAKE_WEI)])
    handle.wait(timeout_seconds=60)
    with pytest.raises(LeaseLost):
        hoarder.hand_in(grant, outcomes)
    assert [result.outcome for result in handle.results()] == run_locally(GRINDING, inputs)
    arena.settle_all()
    arena.until(lambda: handle.view().status == "SETTLED", "the job's end")
    assert {payment.provider for payment in handle.receipt().payments} == {arena.address("p1")}
    assert arena.wealth_wei(["hoarder"]) == before_wei


def test_openings_that_come_with_the_votes_cost_the_challenger_and_bring_nothing(
    arena: Arena, edge: Edge
) -> None:
    """The results are right: the verifier loses its bond, the provider has its pay and no more."""
    attack = delivered(arena, "shown-late", edge, ("openings",))
    dispute_id = contested_for_want_of_an_opening(attack)
    name = challenger_of(arena, dispute_id)
    bond = bond_wei(attack.price_wei, attack.price_wei, PARAMS.dispute_bond_wei)
    burnt_wei = arena.contracts().burnt_wei()
    assert arena.verdict_of(dispute_id) == Verdict.CHALLENGER_LOST
    members = arena.contracts().committee(dispute_id).members
    shared_wei = bond // 2 // len(members) * len(members)
    assert arena.contracts().burnt_wei() == burnt_wei + bond - shared_wei
    assert arena.address(name) not in members
    arena.settle_all()
    assert attack.gain_wei() == attack.price_wei


def test_a_claim_that_is_never_opened_is_lost(arena: Arena, edge: Edge) -> None:
    """Right results too: neither market nor provider opens them, not even for the judges."""
    attack = delivered(arena, "never-shown", edge, ("openings", "claims"))
    dispute_id = contested_for_want_of_an_opening(attack)
    size = PARAMS.committee_size
    arena.until(lambda: arena.contracts().committee(dispute_id).committed == size, "votes", 60)
    with arena.processes.stopped("market"):  # its keeper would open the claim
        arena.until(lambda: arena.contracts().committee(dispute_id).revealed == size, "votes", 60)
        assert not arena.contracts().committee(dispute_id).is_claim_opened
        arena.move_clock(JUDGING_SECONDS)
        assert arena.verdict_of(dispute_id) == Verdict.PROVIDER_LOST
    split = split_slash(slash_wei(attack.price_wei, attack.stake_wei), attack.price_wei)
    attack.loses(dispute_id, split)
    arena.settle_all()
    assert attack.gain_wei() == attack.expected_wei == -attack.stake_wei


def test_what_nobody_is_let_run_is_not_paid(arena: Arena, edge: Edge) -> None:
    """Inputs are withheld from whoever could find the lie: the judges say so, and keep their seats.

    Nothing shows that the provider lied, so it loses its pay and no more.
    """
    attack = delivered(arena, "unseen", edge, ("inputs", "claims"))
    arena.person(WATCHER, BONDS_WEI)
    before_wei = arena.wealth_wei([*VERIFIERS, WATCHER])
    dispute_id = attack.contest(WATCHER, attack.works[0], 0)
    arena.await_event("CommitteeDrawn", lambda e: e.args["dispute_id"] == dispute_id)
    arena.move_clock(PARAMS.commit_seconds // 2 + 1)
    size = PARAMS.committee_size
    arena.until(lambda: arena.contracts().committee(dispute_id).revealed == size, "votes", 60)
    arena.move_clock(PARAMS.open_seconds + PARAMS.reveal_seconds + PARAMS.commit_seconds)
    assert arena.verdict_of(dispute_id) == Verdict.UNAVAILABLE
    assert set(arena.contracts().committee(dispute_id).digests) == {UNAVAILABLE}
    arena.settle_all()
    assert attack.gain_wei() == 0
    assert arena.wealth_wei([*VERIFIERS, WATCHER]) == before_wei
    for name in VERIFIERS:
        assert held_seats(arena.contracts(), arena.address(name))


def test_without_its_operator_anyone_settles_and_everybody_has_their_money(arena: Arena) -> None:
    """The market commits, and is never heard of again."""
    requester = arena.requester_named("requester")
    before_wei = arena.wealth_wei(["requester"])
    handle = arena.post(requester, grinding_inputs(4, 0.05, "left alone"))
    arena.until(lambda: committed_tasks(arena, handle) == 4, "all results")
    arena.processes.kill("market")
    contracts = arena.contracts()
    p1 = contracts.account(arena.address("p1"))
    stranger = arena.key(WATCHER)
    batches: list[Batch] = [event.args["batch"] for event in arena.committed(handle)]
    for batch in batches:
        arena.await_seed(batch.batch_id())
        arena.send(stranger, contracts.fix_seed(batch.batch_id()))
    arena.move_clock(PARAMS.dispute_window_seconds + 1)
    for batch in batches:
        arena.send(stranger, contracts.settle_batch(batch))
    after = contracts.account(arena.address("p1"))
    paid_wei = 4 * price_of(0)
    assert after.stake_wei + after.balance_wei == p1.stake_wei + p1.balance_wei + paid_wei
    assert contracts.job(handle.job_id).is_closed
    accepted = arena.events("AuditAccepted", handle.job_id)
    for batch in batches:
        audits = [_ref(batch, e) for e in accepted if e.args["batch_id"] == batch.batch_id()]
        if audits:
            arena.send(stranger, contracts.pay_audits(batch, audits))
    fees_wei = sum(e.args["fee_wei"] for e in arena.events("AuditPaid", handle.job_id))
    assert fees_wei == sum(e.args["fee_wei"] for e in accepted)
    assert arena.wealth_wei(["requester"]) == before_wei - paid_wei - fees_wei


def _ref(batch: Batch, accepted: ChainEvent) -> AuditRef:
    ids = [line.lease_id for line in batch.lines]
    args = accepted.args
    return AuditRef(ids.index(args["lease_id"]), args["task"], args["round"])


def committed_tasks(arena: Arena, handle: JobHandle) -> int:
    return arena.contracts().job(handle.job_id).committed_tasks
