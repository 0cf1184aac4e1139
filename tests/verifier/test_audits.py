"""An audit of a container's task: the verifier doubts the program before it contests a provider."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event

import pytest

from protocol.client.client import MarketClient
from protocol.client.wire import (
    AuditCommitmentRequest,
    AuditGrant,
    AuditOutcome,
    AuditRequest,
    AuditResultRequest,
    OpeningView,
)
from protocol.errors import ExecutorUnavailable, Forbidden, NotFound
from protocol.lease import LeaseResult
from protocol.result import Outcome, open_task, result_root
from protocol.spec import ContainerRuntime, Limits, Resources, Spec, encode_task_list
from protocol.typed_data import TypedMessage
from protocol.units import ZERO_ADDRESS, Bytes32, ContentId, content_id
from provider.executors.base import LeaseWork, OnTaskDone
from tests.protocol.make_vectors import word
from verifier import execution
from verifier.audits import Auditor
from verifier.draws import AuditKey
from verifier.execution import BlobCache, Rerun
from verifier.journal import Audit, JobNote, Journal, Step

IMAGE, INPUT = b"an image", b"an input"
TASK_LIST = encode_task_list([content_id(INPUT)])
BLOBS = {content_id(blob): blob for blob in (IMAGE, INPUT, TASK_LIST)}
SPEC = Spec(
    runtime=ContainerRuntime(content_id(IMAGE), ("/x",)),
    resources=Resources(1000, 1 << 26, 1 << 20),
    limits=Limits(10, 0, 1 << 16),
    task_list=content_id(TASK_LIST),
)
KEY = AuditKey(word("batch"), word("lease"), 0)
RIGHT, WRONG = Outcome(b"right"), Outcome(b"wrong")


@dataclass
class Market(MarketClient):
    """A market as an auditor knows it. `closes` makes it answer nothing once it has committed."""

    claimed: Outcome = RIGHT
    opens: bool = True
    closes: bool = False
    spec: Spec = SPEC
    asked: int = 0
    results: list[AuditResultRequest] = field(default_factory=list)
    is_closed: bool = False

    def audit(self, request: AuditRequest) -> AuditGrant:
        if self.is_closed:
            raise Forbidden
        self.asked += 1
        return AuditGrant(spec=self.spec.to_json(), task_input=content_id(INPUT))

    def fetch_blob(
        self, blob_id: ContentId, path: Path, max_bytes: int = 0, on_progress: object = None
    ) -> Path:
        path.write_bytes(BLOBS[blob_id])
        return path

    def commit_audit(self, request: AuditCommitmentRequest) -> OpeningView:
        self.is_closed = self.closes
        if not self.opens:
            raise NotFound
        opening = open_task(KEY.lease_id, 0, [self.claimed.digest], word("salt"), 0)
        return OpeningView(digest=opening.digest, salt=opening.salt, proof=list(opening.proof))

    def post_audit_result(self, request: AuditResultRequest) -> AuditOutcome:
        self.results.append(request)
        return AuditOutcome(agrees=True)


class Scripted:
    """Gives the outcomes of a list, one an execution, and its last one for ever."""

    kind = "container"

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = list(outcomes)
        self.executions = 0

    def supports(self, spec: Spec) -> bool:
        return spec.runtime.kind == self.kind

    def run(self, work: LeaseWork, on_task_done: OnTaskDone) -> list[Outcome]:
        self.executions += 1
        return [self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]]


@dataclass
class Bench:
    """One audit of a lease of one task, whose provider has claimed `market.claimed`."""

    market: Market
    journal: Journal
    root: Path
    sign: Callable[[TypedMessage], bytes] = lambda _: bytes(65)
    bend: Callable[[Bytes32], Bytes32] = lambda root: root
    """What stands on chain in the place of the right resultRoot."""

    def perform(self, executor: Scripted, *, is_late: bool = False) -> Audit:
        cache = BlobCache(self.market, self.root / "blobs")
        rerun = Rerun(self.market, cache, [executor], self.root / "scratch", Event())
        auditor = Auditor(self.market, rerun, self.journal, ZERO_ADDRESS, self.sign)
        root = result_root(KEY.lease_id, 0, [self.market.claimed.digest], word("salt"))
        lease = LeaseResult(KEY.lease_id, word("job"), ZERO_ADDRESS, 0, 1, 1, self.bend(root))
        self.journal.add_audit(KEY, 0)
        audit = self.journal.audit(KEY)
        assert audit is not None
        job = JobNote(self.market.spec.hash, 1)
        auditor.perform(audit, lease, job, is_late=is_late)
        return self.found()

    def found(self) -> Audit:
        audit = self.journal.audit(KEY)
        assert audit is not None
        return audit


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(execution, "APART_SECONDS", 0)
    journal = Journal(tmp_path / "journal.sqlite")
    yield Bench(Market(), journal, tmp_path)
    journal.close()


def test_a_task_that_is_withheld_is_contested_when_time_runs_out(bench: Bench) -> None:
    bench.market.is_closed = True
    executor = Scripted(RIGHT)
    with pytest.raises(Forbidden):
        bench.perform(executor)
    assert bench.found().step is Step.DRAWN
    audit = bench.perform(executor, is_late=True)
    assert audit.step is Step.CONTESTED
    assert "withheld" in (audit.reason or "")
    assert executor.executions == 0
    assert not bench.market.results


def test_who_agrees_executes_once(bench: Bench) -> None:
    executor = Scripted(RIGHT)
    assert bench.perform(executor).step is Step.REVEALED
    assert executor.executions == 1


def test_a_wrong_result_is_contested_after_a_second_execution(bench: Bench) -> None:
    bench.market.claimed = WRONG
    executor = Scripted(RIGHT)
    assert bench.perform(executor).step is Step.CONTESTED
    assert executor.executions == 2
    assert len(bench.market.results) == 1


@pytest.mark.parametrize("second", [Outcome(b"third"), WRONG, Outcome(failure="exit_code")])
def test_whose_own_two_differ_abstains_and_says_why(
    bench: Bench, caplog: pytest.LogCaptureFixture, second: Outcome
) -> None:
    """Even when the second one is what the provider claims."""
    bench.market.claimed = WRONG
    with caplog.at_level(logging.ERROR):
        audit = bench.perform(Scripted(RIGHT, second))
    assert audit.step is Step.ABANDONED
    assert audit.reason is not None
    assert audit.reason.startswith("not_deterministic:")
    assert "not_deterministic: two executions" in caplog.text
    assert not bench.market.results  # no fee either


@pytest.mark.parametrize("second", [RIGHT, WRONG])
def test_an_opening_that_is_refused_is_a_reason_only_for_deterministic_programs(
    bench: Bench, second: Outcome
) -> None:
    bench.market.opens = False
    audit = bench.perform(Scripted(RIGHT, second), is_late=True)
    assert audit.step is (Step.CONTESTED if second == RIGHT else Step.ABANDONED)


def test_a_market_cannot_take_back_what_the_second_execution_needs(bench: Bench) -> None:
    """It learns from the commitment who will contest its friend."""
    bench.market.claimed, bench.market.closes = WRONG, True
    assert bench.perform(Scripted(RIGHT)).step is Step.CONTESTED


def test_who_refuses_everything_is_contested_after_a_restart_too(bench: Bench) -> None:
    bench.market.opens, bench.market.is_closed = False, True
    bench.journal.add_audit(KEY, 0)
    bench.journal.set_executed(KEY, RIGHT.digest, word("mine"))
    assert bench.perform(Scripted(RIGHT), is_late=True).step is Step.CONTESTED


def test_a_machine_that_lacks_the_cpu_class_abstains(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = replace(SPEC.resources, cpu_class="x86-64-v4")
    bench.market.spec = replace(SPEC, resources=resources)
    monkeypatch.setattr("provider.executors.cpus.cpu_classes", lambda: ("x86-64-v2",))
    executor = Scripted(RIGHT)
    with pytest.raises(ExecutorUnavailable):
        bench.perform(executor)
    audit = bench.found()
    assert audit.step is Step.ABANDONED
    assert "x86-64-v4" in (audit.reason or "")
    assert executor.executions == 0
