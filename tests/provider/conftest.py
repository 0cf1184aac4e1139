"""What the provider's tests share: specs, input files and ready lease work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.spec import ContainerRuntime, Limits, Resources, Spec, WasmRuntime
from protocol.units import content_id
from provider.executors.base import LeaseWork

MakeWork = Callable[..., LeaseWork]


@pytest.fixture
def make_work(tmp_path: Path) -> MakeWork:
    """Build wasm lease work from a module's bytes and inputs, everything in files."""

    def blob(data: bytes) -> Path:
        path = tmp_path / content_id(data).removeprefix("sha256:")
        path.write_bytes(data)
        return path

    def make(
        module: bytes,
        inputs: tuple[bytes, ...] = (b"",),
        shared: tuple[bytes, ...] = (),
        *,
        fuel: int = 10**9,
        memory_bytes: int = 1 << 24,
        output_bytes: int = 1 << 20,
        wall_seconds: int = 30,
        first_task: int = 0,
        stop: threading.Event | None = None,
    ) -> LeaseWork:
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        spec = Spec(
            runtime=WasmRuntime(content_id(module)),
            resources=Resources(1000, memory_bytes, 0),
            limits=Limits(wall_seconds, fuel, output_bytes),
            task_list=content_id(b"[]"),
            shared_inputs=tuple(content_id(data) for data in shared),
        )
        return LeaseWork(
            spec,
            range(first_task, first_task + len(inputs)),
            blob(module),
            [blob(data) for data in inputs],
            [blob(data) for data in shared],
            scratch,
            stop or threading.Event(),
        )

    return make


@pytest.fixture
def container_spec() -> Spec:
    """A spec that no engine ever has to run."""
    return Spec(
        runtime=ContainerRuntime(content_id(b"image"), ("/bin/true",)),
        resources=Resources(1000, 1 << 26, 1 << 20),
        limits=Limits(10, 0, 1 << 16),
        task_list=content_id(b"[]"),
    )
