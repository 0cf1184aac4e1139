"""Runs one task again, blind, on inputs that the chain vouches for."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from protocol.chain.view import Stretch
from protocol.client.client import MarketClient
from protocol.client.wire import AuditGrant, AuditRequest
from protocol.errors import (
    BlobMismatch,
    BlobTooLarge,
    FallowError,
    Forbidden,
    InvalidInput,
    MarketUnavailable,
    NotFound,
    SpecHashMismatch,
)
from protocol.result import Outcome, failure_of
from protocol.spec import (
    MAX_TASK_LIST_BYTES,
    ContainerRuntime,
    Spec,
    WasmRuntime,
    decode_task_list,
)
from protocol.units import Bytes32, ContentId, content_id
from protocol.verification import Custom
from provider.executors.base import (
    APART_SECONDS,
    Executor,
    LeaseWork,
    executor_for,
    ignore_task_done,
)
from provider.executors.comparison import Place, is_within
from provider.executors.wasm_snapshot import digest_of
from provider.executors.wasm_steps import NoStepModule, all_states, next_state, snapshot_at
from verifier.journal import JobNote

MAX_CACHE_BYTES = 20 << 30
MAX_GRANTS = 256
MAX_OWN_OUTCOMES = 2
WITHHELD = (NotFound, Forbidden, MarketUnavailable, BlobMismatch, SpecHashMismatch)
"""How a market that does not want a task to be checked may answer: as long as it wants."""
_SHOWN_ATTEMPTS = 3
_log = logging.getLogger(__name__)


class BlobCache:
    """Verified blobs in one directory, named by their content; the oldest go when it is full."""

    def __init__(self, client: MarketClient, root: Path, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self._client = client
        self._root = root
        self._max_bytes = max_bytes
        root.mkdir(parents=True, exist_ok=True)

    def path_of(self, blob_id: ContentId, max_bytes: int | None = None) -> Path:
        """The blob as a file, fetched if need be.

        Raises:
            BlobTooLarge: it has more than `max_bytes`, or does not fit into the cache.
            BlobMismatch, NotFound, Forbidden, MarketUnavailable: see `MarketClient.fetch_blob`.
        """
        path = self._root / blob_id.removeprefix("sha256:")
        most = self._max_bytes if max_bytes is None else min(max_bytes, self._max_bytes)
        self._client.fetch_blob(blob_id, path, most)
        path.touch()  # what was used last goes last
        return path

    def make_room(self) -> None:
        """Remove the files that were not used for the longest time. Call it between executions."""
        # When they were read: containers get them with a fixed time of change.
        files = sorted((file.stat().st_atime, file) for file in self._root.iterdir())
        sizes = {file: file.stat().st_size for _, file in files}
        excess_bytes = sum(sizes.values()) - self._max_bytes
        for _, file in files:
            if excess_bytes <= 0:
                return
            file.unlink(missing_ok=True)
            excess_bytes -= sizes[file]


class Rerun:
    """Executes drawn tasks, in the same sandboxes as providers."""

    def __init__(
        self,
        client: MarketClient,
        cache: BlobCache,
        executors: Sequence[Executor],
        scratch: Path,
        stop: threading.Event,
    ) -> None:
        self._client = client
        self._cache = cache
        self._executors = executors
        self._scratch = scratch
        self._stop = stop
        self._lock = threading.Lock()
        self._grants: dict[AuditRequest, AuditGrant] = {}
        self._own: dict[AuditRequest, Outcome] = {}
        shutil.rmtree(scratch, ignore_errors=True)  # what a crash left
        scratch.mkdir(parents=True)

    def digest(self, request: AuditRequest, job: JobNote) -> Bytes32:
        """The resultHash of the task, as this device finds it.

        Raises:
            SpecHashMismatch, BlobMismatch: the market handed out something else than was signed.
            ExecutorUnavailable, ExecutionFailed: this device cannot tell.
            FallowError: the market refuses, or does not answer.
        """
        return self._executed(request, job).digest

    def digest_again(self, request: AuditRequest, job: JobNote) -> Bytes32:
        """The same a while later, when a clock that is read in seconds has moved on.

        Raises:
            What `digest` raises.
        """
        self._stop.wait(APART_SECONDS)
        return self.digest(request, job)

    def is_tolerant(self, request: AuditRequest, job: JobNote) -> bool:
        """Whether the job's spec declares a comparator.

        Raises:
            SpecHashMismatch, FallowError: see `digest`.
        """
        return self._granted(request, job)[0].comparator is not None

    def is_within(
        self, request: AuditRequest, job: JobNote, digest: Bytes32, output: ContentId | None
    ) -> bool:
        """Whether the claimed result is within tolerance of what this device finds.

        `digest` is what the provider is bound to, `output` what the market calls its output.

        Raises:
            BlobMismatch: the output is not the one of that digest, or none is named.
            What `digest` and `BlobCache.path_of` raise.
        """
        spec, _ = self._granted(request, job)
        own = self._own_outcome(request, job)
        if own.digest == digest:
            return True
        return self._compare(spec, own, self._claimed(spec, digest, output))

    def agrees_with_itself(self, request: AuditRequest, job: JobNote) -> bool:
        """Whether a second execution, a while later, is within tolerance of the first, both ways.

        Raises:
            What `digest` raises.
        """
        spec, _ = self._granted(request, job)
        first = self._own_outcome(request, job)
        self._stop.wait(APART_SECONDS)
        second = self._executed(request, job)
        return self._compare(spec, first, second) and self._compare(spec, second, first)

    def is_container(self, request: AuditRequest, job: JobNote) -> bool:
        """Whether the task's program only claims to be deterministic.

        Raises:
            SpecHashMismatch, FallowError: see `digest`.
        """
        return isinstance(self._granted(request, job)[0].runtime, ContainerRuntime)

    def states(self, request: AuditRequest, job: JobNote) -> tuple[Bytes32, ...]:
        """Every state of the task's execution, from its start to its end.

        Raises:
            NoStepModule: it has none but these two.
            What `digest` raises.
        """
        with self._stepped(request, job) as work:
            return all_states(work)

    def state_after(self, request: AuditRequest, job: JobNote, stretch: Stretch) -> Bytes32:
        """The state that one stretch leads to, as this device finds it.

        It starts from the state that the chain names, if the market has it; else from the task's
        own start.

        Raises:
            InvalidInput: no execution of the task comes by that state, and nobody shows it.
            What `digest` raises.
        """
        with self._stepped(request, job) as work:
            if stretch.low == 0:
                return next_state(work, None)
            shown = self._shown(request, stretch)
            return next_state(work, shown or _reached(work, stretch))

    def _shown(self, request: AuditRequest, stretch: Stretch) -> bytes | None:
        """The state's snapshot, if a party of the dispute has given it to the market by now."""
        name = ContentId(f"sha256:{stretch.low_state.hex()}")
        for _ in range(_SHOWN_ATTEMPTS):
            try:
                self._client.audit(request)  # with it a market shares what has come since
                return self._cache.path_of(name).read_bytes()
            except FallowError as error:
                _log.info("the state to start from is not shown yet: %s", error.message)
            self._stop.wait(APART_SECONDS)
        return None

    @contextmanager
    def _stepped(self, request: AuditRequest, job: JobNote) -> Iterator[LeaseWork]:
        spec, task_input = self._granted(request, job)
        if not isinstance(spec.runtime, WasmRuntime):
            raise NoStepModule("only wasm programs have states")
        self._cache.make_room()
        with self._work(spec, request.task, task_input) as work:
            yield work

    def _executed(self, request: AuditRequest, job: JobNote) -> Outcome:
        spec, task_input = self._granted(request, job)
        executor = executor_for(spec, self._executors)
        self._cache.make_room()
        outcome = self._outcome(executor, spec, request.task, task_input)
        if spec.comparator is not None:
            with self._lock:
                self._own[request] = outcome
                if len(self._own) > MAX_OWN_OUTCOMES:
                    del self._own[next(iter(self._own))]
        return outcome

    def _own_outcome(self, request: AuditRequest, job: JobNote) -> Outcome:
        """The last one, or another: what is compared need not be the very one committed to."""
        with self._lock:
            known = self._own.get(request)
        return known or self._executed(request, job)

    def _claimed(self, spec: Spec, digest: Bytes32, output: ContentId | None) -> Outcome:
        """The provider's outcome, which nobody may replace by another."""
        failure = failure_of(digest)
        if failure is not None:
            return Outcome(failure=failure)
        if output is None:
            raise BlobMismatch("the market names no output of that digest")
        try:
            path = self._cache.path_of(output, spec.limits.output_bytes)
        except BlobTooLarge:
            raise BlobMismatch(f"{output} is larger than any output of that job") from None
        outcome = Outcome(path.read_bytes())
        if outcome.digest != digest:
            raise BlobMismatch(f"{output} is not the output that the provider is bound to")
        return outcome

    def _compare(self, spec: Spec, own: Outcome, claimed: Outcome) -> bool:
        module = None
        if isinstance(spec.comparator, Custom):
            module = self._cache.path_of(spec.comparator.module)
        return is_within(spec, own, claimed, Place(module, self._scratch, self._stop))

    def _granted(self, request: AuditRequest, job: JobNote) -> tuple[Spec, ContentId]:
        """The task as it was signed. What was granted once, a market cannot take back."""
        with self._lock:
            known = self._grants.get(request)
        grant = known or self._client.audit(request)
        spec, task_input = _signed_spec(grant, job), ContentId(grant.task_input)
        self._check_input(spec, job, request.task, task_input)
        with self._lock:
            self._grants[request] = grant
            if len(self._grants) > MAX_GRANTS:
                del self._grants[next(iter(self._grants))]
        return spec, task_input

    def _outcome(self, executor: Executor, spec: Spec, task: int, task_input: ContentId) -> Outcome:
        with self._work(spec, task, task_input) as work:
            return executor.run(work, ignore_task_done)[0]

    @contextmanager
    def _work(self, spec: Spec, task: int, task_input: ContentId) -> Iterator[LeaseWork]:
        code = spec.runtime.module if isinstance(spec.runtime, WasmRuntime) else spec.runtime.image
        with tempfile.TemporaryDirectory(dir=self._scratch, ignore_cleanup_errors=True) as scratch:
            yield LeaseWork(
                spec=spec,
                tasks=(task,),
                code=self._cache.path_of(code),
                task_inputs=(self._cache.path_of(task_input),),
                shared_inputs=tuple(self._cache.path_of(blob) for blob in spec.shared_inputs),
                scratch=Path(scratch),
                stop=self._stop,
            )

    def _check_input(self, spec: Spec, job: JobNote, task: int, task_input: ContentId) -> None:
        """A market must not show verifiers another input than the provider got."""
        task_list = self._cache.path_of(spec.task_list)
        if task_list.stat().st_size > MAX_TASK_LIST_BYTES:
            raise BlobMismatch("the job's task list is longer than any can be")
        data = task_list.read_bytes()
        if decode_task_list(data, job.task_count)[task] != task_input:
            raise BlobMismatch(f"{task_input} is not the input of task {task} in the job's list")


def _reached(work: LeaseWork, stretch: Stretch) -> bytes:
    """The state's snapshot, by running all before it."""
    _log.info("the state is not shown, so that all before it is run")
    snapshot = snapshot_at(work, stretch.low)
    if digest_of(snapshot) != stretch.low_state:
        raise InvalidInput("no execution of the task comes by the state that both agreed on")
    return snapshot


def _signed_spec(grant: AuditGrant, job: JobNote) -> Spec:
    spec = Spec.from_json(grant.spec)
    if spec.hash != job.spec_hash:
        raise SpecHashMismatch(f"the market's spec is {content_id(spec.canonical())}, another one")
    return spec
