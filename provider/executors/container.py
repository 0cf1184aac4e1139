"""The container executor: one locked-down Docker container per lease, tasks and results as files.

Inside, the program finds /work/inputs/shared/N and /work/inputs/tasks/000000 (a task's index in
the job) and writes /work/outputs/000000, or 000000.failed with a failure's code. What a task gives
must not depend on which other tasks share its lease; when anything is out of the ordinary (a
non-zero exit, an oversized output, a link), the tasks are executed again one by one, so that every
outcome is what a verifier gets who executes that task alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from protocol.errors import ExecutionFailed, ExecutorUnavailable
from protocol.result import Outcome
from protocol.spec import ContainerRuntime, Spec
from provider.executors import container_files as files
from provider.executors.base import ExecutionStopped, LeaseWork, OnTaskDone
from provider.executors.container_archive import BadArchive, ImageArchive, inspect_archive
from provider.executors.container_holder import write_holder
from provider.executors.container_limits import HOLDER, host_config
from provider.executors.container_surroundings import HOSTNAME, environment
from provider.executors.cpus import CpuPins, cpu_count

if TYPE_CHECKING:
    import docker

OWNER_LABEL = "fallow.owner"
USER = "65534:65534"
MAX_LOG_BYTES = 64 * 1024
MAX_UNPACKED_BYTES = 8 << 30
START_SECONDS = 60
WATCH_SECONDS = 0.1
KILLED_EXIT_CODE = 137
_log = logging.getLogger(__name__)
_pins = CpuPins()


class ContainerExecutor:
    """Executes container tasks through the Docker Engine of this machine.

    `owner` names this daemon on an engine that several may share: only its own leftovers are ever
    removed. Use `check` to learn at once whether an engine answers.
    """

    kind = "container"

    def __init__(self, owner: str, *, max_unpacked_bytes: int = MAX_UNPACKED_BYTES) -> None:
        self._owner = owner
        self._max_unpacked_bytes = max_unpacked_bytes
        self._loading = threading.Lock()

    def supports(self, spec: Spec) -> bool:
        """Every container spec."""
        return spec.runtime.kind == self.kind

    def check(self) -> None:
        """Ask the engine whether it is there.

        Raises:
            ExecutorUnavailable: no engine answers.
        """
        with _engine(timeout_seconds=10) as engine:
            engine.ping()

    def remove_leftovers(self) -> int:
        """Remove what a killed daemon of the same owner left running; return how many.

        Raises:
            ExecutorUnavailable: no engine answers.
        """
        labelled = {"label": f"{OWNER_LABEL}={self._owner}"}
        with _engine(timeout_seconds=60) as engine:
            leftovers = engine.api.containers(all=True, filters=labelled, quiet=True)
            for leftover in leftovers:
                _remove(engine, leftover["Id"])
        return len(leftovers)

    def run(self, work: LeaseWork, on_task_done: OnTaskDone) -> list[Outcome]:
        """See `base.Executor.run`."""
        try:
            archive = inspect_archive(work.code, self._max_unpacked_bytes)
        except BadArchive as error:
            _log.info("refused an image archive: %s", error)
            outcomes = [Outcome(failure="bad_module")] * len(work.tasks)
        else:
            with _engine(_wall_seconds(work) + START_SECONDS) as engine:
                image_id = self._image(engine, archive, work)
                outcomes = self._outcomes(engine, image_id, work)
        for task, outcome in zip(work.tasks, outcomes, strict=True):
            on_task_done(task, outcome)
        return outcomes

    def _image(self, engine: docker.DockerClient, archive: ImageArchive, work: LeaseWork) -> str:
        """The id under which the engine has the archive's image, loading it if needed."""
        with self._loading:
            known = _known_image(engine, archive)
            if known is None:
                with work.code.open("rb") as source:
                    lines = engine.api.load_image(source)  # type: ignore[no-untyped-call]
                    for line in lines:
                        if "error" in line:
                            raise ExecutionFailed(f"the engine refused the image: {line['error']}")
                known = _known_image(engine, archive)
        if known is None:
            raise ExecutionFailed("the engine loaded another image than the archive holds")
        return known

    def _outcomes(
        self, engine: docker.DockerClient, image_id: str, work: LeaseWork
    ) -> list[Outcome]:
        alone = len(work.tasks) == 1
        try:
            return self._execute(engine, image_id, work)
        except _ProgramFailed as failed:
            if alone:
                return [Outcome(failure=failed.code)]
        return [
            self._outcomes(engine, image_id, _only(work, index))[0]
            for index in range(len(work.tasks))
        ]

    def _execute(
        self, engine: docker.DockerClient, image_id: str, work: LeaseWork
    ) -> list[Outcome]:
        if work.stop.is_set():
            raise ExecutionStopped("stopped before its last task")
        with _pins.pinned(cpu_count(work.spec.resources.cpu_millis)) as cpus:
            return self._execute_on(cpus, engine, image_id, work)

    def _execute_on(
        self, cpus: Sequence[int], engine: docker.DockerClient, image_id: str, work: LeaseWork
    ) -> list[Outcome]:
        container = self._create(cpus, engine, image_id, work)
        try:
            engine.api.start(container)
            exit_code = _run_program(engine, container, work)
            # Whatever still runs must not change the outputs while they are read.
            engine.api.pause(container)
            chunks, _ = engine.api.get_archive(container, files.OUTPUTS)
            try:
                outcomes = files.read_outcomes(chunks, work)
            except files.OutputExceeded as error:
                raise _ProgramFailed("output_exceeded", str(error)) from None
            except files.Extraordinary as error:
                raise _ProgramFailed("exit_code", str(error)) from None
            if exit_code != 0:
                raise _ProgramFailed("exit_code", f"the program exited with {exit_code}")
            return outcomes
        finally:
            _remove(engine, container)

    def _create(
        self, cpus: Sequence[int], engine: docker.DockerClient, image_id: str, work: LeaseWork
    ) -> str:
        hold_seconds = _wall_seconds(work) + START_SECONDS
        holder = write_holder(work.scratch, hold_seconds, engine.version()["Arch"])
        created = engine.api.create_container(
            image_id,
            entrypoint=[HOLDER],
            user=USER,
            hostname=HOSTNAME,
            environment=environment(work.spec),
            working_dir=files.OUTPUTS,
            network_disabled=True,
            labels={OWNER_LABEL: self._owner},
            healthcheck={"test": ["NONE"]},
            host_config=host_config(engine, work, str(holder), cpus),
        )
        return str(created["Id"])


class _ProgramFailed(Exception):
    """The program itself went wrong; `code` is the outcome if it executed one task alone."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


@contextmanager
def _engine(timeout_seconds: int) -> Iterator[docker.DockerClient]:
    """The engine; what goes wrong with it surfaces as our own errors."""
    import docker
    import requests

    try:
        client = docker.from_env(timeout=timeout_seconds)
    except docker.errors.DockerException as error:
        raise ExecutorUnavailable(
            f"no Docker Engine answers ({error}); start one or set DOCKER_HOST"
        ) from None
    try:
        yield client
    except docker.errors.APIError as error:
        raise ExecutionFailed(f"the Docker Engine refused: {error.explanation or error}") from None
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise ExecutorUnavailable(f"the Docker Engine went away: {error}") from None
    finally:
        client.close()


def _run_program(engine: docker.DockerClient, container: str, work: LeaseWork) -> int:
    """Execute the spec's command in the container and return its exit code.

    Raises:
        ExecutionStopped, ExecutionFailed: stopped, out of wall time, or killed from outside.
    """
    runtime = work.spec.runtime
    assert isinstance(runtime, ContainerRuntime)
    created = engine.api.exec_create(
        container, list(runtime.command), user=USER, workdir=files.OUTPUTS
    )
    program = str(created["Id"])
    with _watched(work, lambda: engine.api.kill(container)) as cut_short:
        log = _drain(engine, program)
    if log:
        _log.debug("tasks %s logged: %r", list(work.tasks), log)
    if cut_short.is_set():
        if work.stop.is_set():
            raise ExecutionStopped("the container was stopped")
        raise ExecutionFailed(f"the container took longer than {_wall_seconds(work)} s")
    exit_code = engine.api.exec_inspect(program)["ExitCode"]
    if exit_code is None or exit_code == KILLED_EXIT_CODE:
        # Out of memory, or killed by somebody on this machine: nothing a verifier must see too.
        raise ExecutionFailed("the program was killed; it may need more memory than it asked for")
    return int(exit_code)


@contextmanager
def _watched(work: LeaseWork, kill: Callable[[], None]) -> Iterator[threading.Event]:
    """Kill the container when its time is over or it is to stop; the event says it happened."""
    done, cut_short = threading.Event(), threading.Event()
    deadline = time.monotonic() + _wall_seconds(work)

    def watch() -> None:
        while not done.wait(WATCH_SECONDS):
            if work.stop.is_set() or time.monotonic() >= deadline:
                cut_short.set()
                kill()
                return

    watcher = threading.Thread(target=watch, name="container-watchdog", daemon=True)
    watcher.start()
    try:
        yield cut_short
    finally:
        done.set()
        watcher.join()


def _drain(engine: docker.DockerClient, program: str) -> bytes:
    """Start the program, read its log to the end and keep its start.

    Reads the socket itself: docker's own iterator leaves it open.
    """
    from docker.utils.socket import frames_iter

    kept = bytearray()
    connection: Any = engine.api.exec_start(program, socket=True)
    try:
        frames = frames_iter(connection, tty=False)  # type: ignore[no-untyped-call]
        for _, chunk in frames:
            kept += chunk[: MAX_LOG_BYTES - len(kept)]
    finally:
        connection._response.close()
        connection.close()
    return bytes(kept)


def _remove(engine: docker.DockerClient, container: str) -> None:
    import docker

    try:
        engine.api.remove_container(container, force=True, v=True)
    except docker.errors.APIError as error:
        # Gone already, or being removed because its holder ended: just as well.
        _log.debug("container %s: %s", container, error)


def _known_image(engine: docker.DockerClient, archive: ImageArchive) -> str | None:
    import docker

    for image_id in archive.image_ids:
        try:
            image = engine.api.inspect_image(image_id)  # type: ignore[no-untyped-call]
        except docker.errors.ImageNotFound:
            continue
        return str(image["Id"])
    return None


def _only(work: LeaseWork, index: int) -> LeaseWork:
    """The execution of one of the tasks alone, in a scratch directory of its own."""
    scratch = work.scratch / f"alone-{work.tasks[index]:06d}"
    scratch.mkdir()
    return LeaseWork(
        work.spec,
        [work.tasks[index]],
        work.code,
        [work.task_inputs[index]],
        work.shared_inputs,
        scratch,
        work.stop,
    )


def _wall_seconds(work: LeaseWork) -> int:
    return work.spec.limits.wall_seconds * len(work.tasks)
