"""What a task's container may use: nothing but its own bounded memory, processor and files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from provider.executors import container_files as files
from provider.executors.base import LeaseWork
from provider.executors.container_surroundings import write_processors

if TYPE_CHECKING:
    import docker

HOLDER = "/.fallow/hold"
MAX_PROCESSES = 256
MAX_OPEN_FILES = 1024


def runtime_for(runtimes: dict[str, Any]) -> str | None:
    """gVisor where the engine has it, else the engine's default (None)."""
    return "runsc" if "runsc" in runtimes else None


def host_config(
    engine: docker.DockerClient, work: LeaseWork, holder: str, cpus: Sequence[int]
) -> dict[str, Any]:
    """The locked-down host configuration of a lease's container, which runs on those `cpus`."""
    from docker.types import LogConfig, Ulimit

    spec = work.spec
    tasks = len(work.tasks)
    disk_bytes = max(spec.resources.disk_bytes, 1 << 16)
    outputs_bytes = files.outputs_bytes(tasks, spec.limits.output_bytes)
    # Both tmpfs live in memory and are charged to the container.
    memory_bytes = spec.resources.memory_bytes + disk_bytes + outputs_bytes + (8 << 20)
    runtime = runtime_for(engine.info().get("Runtimes", {}))
    largest_file = max(disk_bytes, spec.limits.output_bytes + 1)
    config: dict[str, Any] = engine.api.create_host_config(
        runtime=runtime,
        mounts=[*_mounts(work, holder, outputs_bytes), *_processors(work, runtime)],
        tmpfs={"/tmp": f"size={disk_bytes},mode=1777,nosuid,nodev,noexec"},  # noqa: S108
        network_mode="none",
        ipc_mode="none",
        cgroupns="private",  # else /proc/self/cgroup names the container
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        pids_limit=MAX_PROCESSES,
        mem_limit=memory_bytes,
        memswap_limit=memory_bytes,
        nano_cpus=spec.resources.cpu_millis * 10**6,
        # A quota alone would show every processor of the machine, and programs count them.
        cpuset_cpus=",".join(str(cpu) for cpu in cpus),
        ulimits=[
            Ulimit(name="fsize", soft=largest_file, hard=largest_file),
            Ulimit(name="nofile", soft=MAX_OPEN_FILES, hard=MAX_OPEN_FILES),
            Ulimit(name="core", soft=0, hard=0),
        ],
        log_config=LogConfig(type="none"),
        auto_remove=True,
    )
    return config


def _processors(work: LeaseWork, runtime: str | None) -> list[Any]:
    """What tells how many processors there are, whatever this machine has."""
    from docker.types import Mount

    if runtime is not None:  # gVisor makes a /sys of its own, of the container's cpus
        return []
    told = write_processors(work.scratch, work.spec)
    return [
        Mount(target, str(source), type="bind", read_only=True) for target, source in told.items()
    ]


def _mounts(work: LeaseWork, holder: str, outputs_bytes: int) -> list[Any]:
    from docker.types import DriverConfig, Mount

    inodes = files.outputs_inodes(len(work.tasks))
    options = f"size={outputs_bytes},nr_inodes={inodes},uid=65534,gid=65534,mode=0700,nosuid,nodev"
    driver = DriverConfig("local", {"type": "tmpfs", "device": "tmpfs", "o": options + ",noexec"})
    inputs = files.lay_out_inputs(work)
    return [
        Mount(HOLDER, holder, type="bind", read_only=True),
        Mount(files.INPUTS, str(inputs), type="bind", read_only=True),
        Mount(files.OUTPUTS, None, type="volume", no_copy=True, driver_config=driver),
    ]
