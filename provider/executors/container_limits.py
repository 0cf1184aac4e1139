"""What a task's container may use: nothing but its own bounded memory, processor and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provider.executors import container_files as files
from provider.executors.base import LeaseWork

if TYPE_CHECKING:
    import docker

HOLDER = "/.fallow/hold"
MAX_PROCESSES = 256
MAX_OPEN_FILES = 1024


def runtime_for(runtimes: dict[str, Any]) -> str | None:
    """gVisor where the engine has it, else the engine's default (None)."""
    return "runsc" if "runsc" in runtimes else None


def host_config(engine: docker.DockerClient, work: LeaseWork, holder: str) -> dict[str, Any]:
    """The locked-down host configuration of a lease's container."""
    from docker.types import LogConfig, Ulimit

    spec = work.spec
    tasks = len(work.tasks)
    disk_bytes = max(spec.resources.disk_bytes, 1 << 16)
    outputs_bytes = files.outputs_bytes(tasks, spec.limits.output_bytes)
    # Both tmpfs live in memory and are charged to the container.
    memory_bytes = spec.resources.memory_bytes + disk_bytes + outputs_bytes + (8 << 20)
    largest_file = max(disk_bytes, spec.limits.output_bytes + 1)
    config: dict[str, Any] = engine.api.create_host_config(
        runtime=runtime_for(engine.info().get("Runtimes", {})),
        mounts=_mounts(work, holder, outputs_bytes),
        tmpfs={"/tmp": f"size={disk_bytes},mode=1777,nosuid,nodev,noexec"},  # noqa: S108
        network_mode="none",
        ipc_mode="none",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        pids_limit=MAX_PROCESSES,
        mem_limit=memory_bytes,
        memswap_limit=memory_bytes,
        nano_cpus=spec.resources.cpu_millis * 10**6,
        ulimits=[
            Ulimit(name="fsize", soft=largest_file, hard=largest_file),
            Ulimit(name="nofile", soft=MAX_OPEN_FILES, hard=MAX_OPEN_FILES),
            Ulimit(name="core", soft=0, hard=0),
        ],
        log_config=LogConfig(type="none"),
        auto_remove=True,
    )
    return config


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
