"""Container work on the real engine, from the image that the project ships."""

from __future__ import annotations

import importlib.util
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import docker
import pytest

from protocol.spec import ContainerRuntime, Limits, Resources, Spec
from protocol.units import content_id
from provider.executors.base import LeaseWork

BUILD = Path(__file__).parents[3] / "images" / "container" / "build.py"
MakeContainerWork = Callable[..., LeaseWork]


@pytest.fixture(scope="session")
def image_builder() -> ModuleType:
    """images/container/build.py"""
    description = importlib.util.spec_from_file_location("container_build", BUILD)
    assert description is not None
    assert description.loader is not None
    module = importlib.util.module_from_spec(description)
    description.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def image_archive(image_builder: ModuleType) -> bytes:
    """The archive of the wordfrequency job."""
    archive: bytes = image_builder.build("wordfrequency")
    return archive


@pytest.fixture
def owner() -> Iterator[str]:
    """An owner label of this test alone; nothing of it may be left on the engine."""
    name = f"test-{uuid4().hex}"
    yield name
    engine = docker.from_env()
    deadline = time.monotonic() + 10
    # A killed container removes itself, which takes the engine a moment.
    while left := engine.api.containers(all=True, filters={"label": f"fallow.owner={name}"}):
        assert time.monotonic() < deadline, f"left behind: {left}"
        time.sleep(0.05)
    engine.close()


@pytest.fixture
def make_container_work(tmp_path: Path, image_archive: bytes) -> MakeContainerWork:
    """Build container work that runs a shell script in the shipped image."""

    def make(
        script: str = "",
        inputs: tuple[bytes, ...] = (b"",),
        shared: tuple[bytes, ...] = (),
        *,
        command: tuple[str, ...] | None = None,
        archive: bytes = image_archive,
        first_task: int = 0,
        memory_bytes: int = 64 << 20,
        disk_bytes: int = 1 << 20,
        output_bytes: int = 1 << 16,
        wall_seconds: int = 20,
        stop: threading.Event | None = None,
    ) -> LeaseWork:
        root = tmp_path / uuid4().hex
        scratch = root / "scratch"
        scratch.mkdir(parents=True)

        def blob(name: str, data: bytes) -> Path:
            path = root / name
            path.write_bytes(data)
            return path

        spec = Spec(
            runtime=ContainerRuntime(
                content_id(archive),
                command or ("/bin/sh", "-c", f"alias b=busybox; {script}"),
                (("GREETING", "hello"),),
            ),
            resources=Resources(1000, memory_bytes, disk_bytes),
            limits=Limits(wall_seconds, 0, output_bytes),
            task_list=content_id(b"[]"),
            shared_inputs=tuple(content_id(data) for data in shared),
        )
        return LeaseWork(
            spec,
            range(first_task, first_task + len(inputs)),
            blob("image", archive),
            [blob(f"input-{n}", data) for n, data in enumerate(inputs)],
            [blob(f"shared-{n}", data) for n, data in enumerate(shared)],
            scratch,
            stop or threading.Event(),
        )

    return make
