"""Verifiers of jobs with a comparator: they are bound first, compare, and doubt themselves."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from eth_account import Account

from protocol.audit import AuditCommitment, AuditResult, ToleranceCommitment, commitment
from protocol.client.wire import AuditCommitmentRequest, OpeningView
from protocol.dispute import OUT_OF_TOLERANCE, UNAVAILABLE, Verdict
from protocol.errors import BadSignature, BlobMismatch, BlobTooLarge, NotFound
from protocol.result import Outcome
from protocol.typed_data import Domain, parse_signature
from protocol.units import ZERO_ADDRESS, Address, ContentId, content_id
from protocol.verification import Close, Custom
from tests.protocol.make_vectors import word
from tests.provider.executors.test_comparison import COMPARATOR, assemble
from tests.verifier import test_audits
from tests.verifier.conftest import VERIFIERS, Team
from tests.verifier.lying_market import LyingMarket
from tests.verifier.test_audits import SPEC, Bench, Scripted
from tests.verifier.world import PRICE_WEI, PROVIDER, Committed, World
from verifier import execution
from verifier.journal import Journal, Step

CLOSE = replace(SPEC, comparator=Close("float32", "0", "1e-3"))


def packed(value: float) -> Outcome:
    return Outcome(struct.pack("<2f", value, 1.0))


OWN, NEAR, FAR = packed(1.0), packed(1.0001), packed(1.1)


@dataclass
class Market(test_audits.Market):
    """Names the claimed output, and gives `sent` for it (None: nothing)."""

    sent: bytes | None = None
    committed: list[AuditCommitmentRequest] = field(default_factory=list)
    size_limits: list[int] = field(default_factory=list)
    is_unnamed: bool = False

    @property
    def output(self) -> ContentId | None:
        is_named = self.claimed.failure is None and not self.is_unnamed
        return content_id(self.claimed.output) if is_named else None

    def commit_audit(self, request: AuditCommitmentRequest) -> OpeningView:
        self.committed.append(request)
        return super().commit_audit(request).model_copy(update={"output": self.output})

    def fetch_blob(
        self, blob_id: ContentId, path: Path, max_bytes: int = 0, on_progress: object = None
    ) -> Path:
        if blob_id != self.output:
            return super().fetch_blob(blob_id, path, max_bytes, on_progress)
        assert self.committed  # never before
        self.size_limits.append(max_bytes)
        if self.sent is None:
            raise NotFound
        if len(self.sent) > max_bytes:
            raise BlobTooLarge
        path.write_bytes(self.sent)
        return path


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(execution, "APART_SECONDS", 0)
    journal = Journal(tmp_path / "journal.sqlite")
    yield Bench(Market(spec=CLOSE), journal, tmp_path)
    journal.close()


def claiming(bench: Bench, outcome: Outcome) -> Market:
    market = bench.market
    assert isinstance(market, Market)
    market.claimed, market.sent = outcome, outcome.output
    return market


def only_result(market: Market) -> AuditResult:
    (request,) = market.results
    return AuditResult.from_json(request.result)


def test_who_is_within_tolerance_agrees_with_the_providers_digest(bench: Bench) -> None:
    market, executor = claiming(bench, NEAR), Scripted(OWN)
    audit = bench.perform(executor)
    assert audit.step is Step.REVEALED
    assert executor.executions == 1
    (request,) = market.committed
    bound = ToleranceCommitment.from_json(request.commitment).commitment
    assert audit.digest == OWN.digest
    assert audit.salt is not None
    assert bound == commitment(ZERO_ADDRESS, OWN.digest, audit.salt)
    assert only_result(market).task_digest == NEAR.digest
    assert market.size_limits == [CLOSE.limits.output_bytes]


def test_the_commitment_is_no_audit_commitment(bench: Bench) -> None:
    """It must never prove an equivocation: its type has another name."""
    account, domain = Account.create(), Domain(1, ZERO_ADDRESS)
    market = claiming(bench, NEAR)
    bench.sign = lambda message: message.sign(domain, account)
    bench.perform(Scripted(OWN))
    (request,) = market.committed
    signature = parse_signature(request.signature)
    message = ToleranceCommitment.from_json(request.commitment)
    message.require_signer(domain, signature, Address(account.address))
    with pytest.raises(BadSignature):
        AuditCommitment.from_json(request.commitment).require_signer(
            domain, signature, Address(account.address)
        )


def test_the_same_bytes_are_not_fetched(bench: Bench) -> None:
    market = claiming(bench, OWN)
    assert bench.perform(Scripted(OWN)).step is Step.REVEALED
    assert market.size_limits == []


def test_out_of_tolerance_is_contested_after_a_second_execution(bench: Bench) -> None:
    market, executor = claiming(bench, FAR), Scripted(OWN, packed(1.0002))
    audit = bench.perform(executor)
    assert audit.step is Step.CONTESTED
    assert "out of tolerance" in (audit.reason or "")
    assert executor.executions == 2
    assert only_result(market).task_digest == OWN.digest


@pytest.mark.parametrize("second", [FAR, packed(2.0), Outcome(failure="exit_code")])
def test_whose_own_two_are_apart_abstains(bench: Bench, second: Outcome) -> None:
    market = claiming(bench, FAR)
    audit = bench.perform(Scripted(OWN, second))
    assert audit.step is Step.ABANDONED
    assert (audit.reason or "").startswith("not_deterministic")
    assert not market.results


@pytest.mark.parametrize(
    ("own", "claimed", "step"),
    [
        (Outcome(failure="trap"), Outcome(failure="trap"), Step.REVEALED),
        (Outcome(failure="trap"), Outcome(failure="exit_code"), Step.CONTESTED),
        (OWN, Outcome(failure="trap"), Step.CONTESTED),
        (Outcome(failure="trap"), OWN, Step.CONTESTED),
    ],
)
def test_failures_are_compared_exactly(
    bench: Bench, own: Outcome, claimed: Outcome, step: Step
) -> None:
    claiming(bench, claimed)
    assert bench.perform(Scripted(own)).step is step


def withheld(market: Market) -> None:
    market.sent = None


def unnamed(market: Market) -> None:
    market.is_unnamed = True


def replaced(market: Market) -> None:
    market.sent = OWN.output  # what the verifier has itself: it would agree


def oversized(market: Market) -> None:
    market.sent = bytes(CLOSE.limits.output_bytes + 1)


@pytest.mark.parametrize("spoil", [withheld, unnamed, replaced, oversized])
def test_an_output_that_is_not_to_be_had_is_contested_when_time_runs_out(
    bench: Bench, spoil: object
) -> None:
    market = claiming(bench, NEAR)
    assert callable(spoil)
    spoil(market)
    with pytest.raises((NotFound, BlobMismatch)):
        bench.perform(Scripted(OWN))
    assert bench.found().step is Step.COMMITTED
    audit = bench.perform(Scripted(OWN), is_late=True)
    assert audit.step is Step.CONTESTED
    assert "output is withheld" in (audit.reason or "")
    assert not market.results


def test_an_audit_goes_on_after_a_restart(bench: Bench) -> None:
    """What it had executed is gone: it executes again, and compares that."""
    market = claiming(bench, NEAR)
    market.sent = None
    with pytest.raises(NotFound):
        bench.perform(Scripted(OWN))
    market.sent = NEAR.output
    executor = Scripted(packed(1.0002))
    assert bench.perform(executor).step is Step.REVEALED
    assert executor.executions == 1
    assert len(market.committed) == 1


def test_an_opening_that_is_refused_is_contested_when_time_runs_out(bench: Bench) -> None:
    market = claiming(bench, NEAR)
    market.opens = False
    with pytest.raises(NotFound):
        bench.perform(Scripted(OWN))
    assert bench.perform(Scripted(OWN), is_late=True).step is Step.CONTESTED


def test_an_opening_of_something_else_is_contested_at_once(bench: Bench) -> None:
    market = claiming(bench, NEAR)
    bench.bend = lambda _: word("another root")
    audit = bench.perform(Scripted(OWN))
    assert audit.step is Step.CONTESTED
    assert "resultRoot" in (audit.reason or "")
    assert market.size_limits == []


# With real verifiers, on a real chain.

RULE = COMPARATOR.replace("$RULE", "call $is_own_less")
A, B, C, D = VERIFIERS


@pytest.fixture
def tolerant(market: LyingMarket) -> LyingMarket:
    """What is claimed may begin with a lesser letter than what is right, says its comparator."""
    module = assemble(RULE)
    world = market.world
    world.blobs[content_id(module)] = module
    world.spec = replace(world.spec, comparator=Custom(content_id(module)))
    return market


def commit(market: LyingMarket, claimed: bytes) -> Committed:
    """Three tasks, of which one was claimed to have given something else."""
    world = market.world
    market.outputs[1] = claimed
    digests = [world.honest_digest(task) for task in range(3)]
    digests[1] = Outcome(claimed).digest
    return world.commit(world.open_job(), 0, digests)


def test_what_is_within_tolerance_is_agreed_with_by_all(tolerant: LyingMarket, team: Team) -> None:
    world = tolerant.world
    team.enroll(A, B)
    team.start(A, B)
    made = commit(tolerant, b"a little off")
    count = sum(len(draws) for draws in world.draws(made).values())
    world.wait_until(lambda: len(tolerant.results) >= count, what="all results")
    assert all(result.task_digest == made.digests[result.task] for _, result in tolerant.results)
    assert not world.events("DisputeOpened")


def costs_a_concession(world: World, before_wei: int) -> None:
    """Whoever is out of tolerance pays no more, and has no strike."""
    account = world.contracts.account(Address(PROVIDER.address))
    dispute = world.contracts.dispute(1)
    assert dispute.verdict == Verdict.OUT_OF_TOLERANCE
    assert before_wei - account.stake_wei == min(before_wei, dispute.concede_multiple * PRICE_WEI)
    assert account.strikes == 0
    votes = {event.args["task_digest"] for event in world.events("VoteRevealed")}
    assert votes == {OUT_OF_TOLERANCE}


def test_a_committee_rules_what_is_out_of_tolerance(tolerant: LyingMarket, team: Team) -> None:
    world = tolerant.world
    team.enroll(A, B, C, D)
    team.start(A, B, C, D)
    before_wei = world.contracts.account(Address(PROVIDER.address)).stake_wei
    commit(tolerant, b"z is far off")
    resolved = world.await_event("DisputeResolved", timeout_seconds=90)
    assert resolved.args["verdict"] == Verdict.OUT_OF_TOLERANCE
    costs_a_concession(world, before_wei)
    assert not world.events("SeatSlashed")


def test_an_output_that_the_market_hides_costs_its_provider_no_stake(
    tolerant: LyingMarket, team: Team
) -> None:
    """It cannot be compared, and the provider has handed it in."""
    world = tolerant.world
    tolerant.hides_outputs = True
    team.enroll(A, B, C, D)
    team.start(A, B, C, D)
    before_wei = world.contracts.account(Address(PROVIDER.address)).stake_wei
    commit(tolerant, b"a little off")
    resolved = world.await_event("DisputeResolved", timeout_seconds=90)
    assert resolved.args["verdict"] == Verdict.UNAVAILABLE
    assert {e.args["task_digest"] for e in world.events("VoteRevealed")} == {UNAVAILABLE}
    assert world.contracts.account(Address(PROVIDER.address)).stake_wei == before_wei


def test_who_contests_what_is_within_tolerance_loses(tolerant: LyingMarket, team: Team) -> None:
    world = tolerant.world
    team.enroll(A, B, C)
    team.start(A, B, C)
    made = commit(tolerant, b"a little off")
    world.fund(D, 40 * PRICE_WEI)
    world.send(D, world.contracts.open_dispute(made.batch, 0, 1))
    resolved = world.await_event("DisputeResolved", timeout_seconds=90)
    assert resolved.args["verdict"] == Verdict.CHALLENGER_LOST
    votes = {event.args["task_digest"] for event in world.events("VoteRevealed")}
    assert votes == {made.digests[1]}
