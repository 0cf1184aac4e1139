"""What a requester wants to run, before the inputs have names: a spec without its task list."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from protocol.client.blobs import blob_id_of
from protocol.spec import ContainerRuntime, Limits, Resources, Runtime, Spec, WasmRuntime
from protocol.units import ContentId
from protocol.verification import Comparator, Custom

Source = Path | bytes
Comparing = Comparator | Source
"""A comparator; or the module of a custom one, which is then one of the job's blobs."""

ONE_CORE = Resources(cpu_millis=1000, memory_bytes=256 << 20, disk_bytes=256 << 20)
WASM_LIMITS = Limits(wall_seconds=60, fuel=10**12, output_bytes=16 << 20)
CONTAINER_LIMITS = Limits(wall_seconds=60, fuel=0, output_bytes=16 << 20)


@dataclass(frozen=True)
class WasmDraft:
    """A wasm module of the fallow task ABI and the inputs that all of its tasks share.

    Its results are the same everywhere, so it hardly needs a `comparator`; None compares each bit.
    """

    module: Source
    shared: tuple[Source, ...] = ()
    resources: Resources = ONE_CORE
    limits: Limits = WASM_LIMITS
    label: str = ""
    comparator: Comparing | None = None

    @property
    def program(self) -> Source:
        """The blob to run."""
        return self.module

    def runtime(self) -> Runtime:
        """How it is run."""
        return WasmRuntime(blob_id_of(self.module))


@dataclass(frozen=True)
class ContainerDraft:
    """An image archive (`docker save`) and the command that runs a lease's tasks in it.

    `comparator` says how far two honest results may be from each other; None: not a bit.
    """

    image: Source
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    shared: tuple[Source, ...] = ()
    resources: Resources = ONE_CORE
    limits: Limits = CONTAINER_LIMITS
    label: str = ""
    comparator: Comparing | None = None

    @property
    def program(self) -> Source:
        """The blob to run."""
        return self.image

    def runtime(self) -> Runtime:
        """How it is run."""
        environment = tuple(sorted(self.environment.items()))
        return ContainerRuntime(blob_id_of(self.image), self.command, environment)


Draft = WasmDraft | ContainerDraft


def spec_of(draft: Draft, task_list: ContentId) -> Spec:
    """The spec of a job that runs `draft` on the tasks of `task_list`.

    Raises:
        InvalidSpec: a limit, a resource or the label is out of bounds.
    """
    return Spec(
        runtime=draft.runtime(),
        resources=draft.resources,
        limits=draft.limits,
        task_list=task_list,
        shared_inputs=tuple(blob_id_of(source) for source in draft.shared),
        label=draft.label,
        comparator=_comparator(draft.comparator),
    )


def blobs_of(draft: Draft) -> tuple[Source, ...]:
    """What of a draft has to be uploaded, besides its tasks' own inputs."""
    comparing = draft.comparator
    module = (comparing,) if isinstance(comparing, Path | bytes) else ()
    return (draft.program, *draft.shared, *module)


def _comparator(comparing: Comparing | None) -> Comparator | None:
    return Custom(blob_id_of(comparing)) if isinstance(comparing, Path | bytes) else comparing
