"""What a container's program sees is the same everywhere: the rules, and a real engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.spec import CPU_CLASSES, ContainerRuntime, Spec
from provider.executors.base import LeaseWork, ignore_task_done
from provider.executors.container import ContainerExecutor
from provider.executors.container_surroundings import (
    DEFAULTS,
    FILE_TIME_SECONDS,
    class_environment,
    environment,
    write_processors,
)

MakeContainerWork = Callable[..., LeaseWork]


def said(owner: str, work: LeaseWork) -> list[str]:
    (outcome,) = ContainerExecutor(owner).run(work, ignore_task_done)
    assert outcome.failure is None
    return outcome.output.decode().splitlines()


def having(work: LeaseWork, **variables: str) -> LeaseWork:
    """The same work with other variables in its spec."""
    assert isinstance(work.spec.runtime, ContainerRuntime)
    runtime = replace(work.spec.runtime, environment=tuple(sorted(variables.items())))
    return replace(work, spec=replace(work.spec, runtime=runtime))


def demanding(spec: Spec, cpu_class: str | None) -> Spec:
    return replace(spec, resources=replace(spec.resources, cpu_class=cpu_class))


# The rules.


@given(st.dictionaries(st.sampled_from([*DEFAULTS, "GLIBC_TUNABLES", "MINE"]), st.text("ab")))
def test_a_spec_replaces_what_is_the_same_everywhere_and_nothing_else(
    own: dict[str, str],
) -> None:
    spec = Spec.from_json(
        {
            "version": 1,
            "runtime": {
                "kind": "container",
                "image": "sha256:" + "0" * 64,
                "command": ["/x"],
                "environment": own,
            },
            "resources": {"cpu_millis": 1500, "memory_bytes": 1 << 26, "disk_bytes": 0},
            "limits": {"wall_seconds": 1, "fuel": 0, "output_bytes": 1},
            "inputs": {"tasks": "sha256:" + "0" * 64, "shared": []},
            "verification": "exact",
            "label": "",
        }
    )
    given_ = environment(spec)
    assert list(given_) == sorted(given_)
    assert given_.items() >= class_environment(spec).items()
    kept = {name: text for name, text in own.items() if name not in class_environment(spec)}
    assert given_.items() >= kept.items()
    assert given_.items() >= {n: t for n, t in DEFAULTS.items() if n not in own}.items()
    assert given_["PYTHON_CPU_COUNT"] == "2"


def test_each_class_masks_what_is_above_it(container_spec: Spec) -> None:
    masks = [
        set(
            class_environment(demanding(container_spec, name))["GLIBC_TUNABLES"]
            .partition("=")[2]
            .split(",")
        )
        for name in CPU_CLASSES[:3]
    ]
    assert masks[0] > masks[1] > masks[2]
    assert "-FMA" in masks[0] - masks[1]
    assert "-AVX512VL" in masks[1] - masks[2]
    assert class_environment(container_spec) == class_environment(
        demanding(container_spec, "x86-64-v2")
    )
    assert class_environment(demanding(container_spec, "arm64")) == {}


def test_the_mask_takes_the_processor_out_of_libm(container_spec: Spec) -> None:
    """exp, sin and pow round otherwise where they use FMA: found on real machines."""
    script = (
        "import hashlib, math, random; random.seed(1); found = hashlib.sha256()\n"
        "for _ in range(20000):\n"
        "    x = random.uniform(-50, 50)\n"
        "    found.update(repr((math.exp(x), math.sin(x), math.pow(abs(x), 1.37))).encode())\n"
        "print(found.hexdigest())"
    )

    def digest(tunables: str | None) -> str:
        variables = {k: v for k, v in os.environ.items() if k != "GLIBC_TUNABLES"}
        variables |= {"GLIBC_TUNABLES": tunables} if tunables else {}
        command = [sys.executable, "-c", script]
        return subprocess.run(
            command, env=variables, capture_output=True, text=True, check=True
        ).stdout

    masks = [
        class_environment(demanding(container_spec, name))["GLIBC_TUNABLES"]
        for name in CPU_CLASSES[:2]
    ]
    assert digest(masks[0]) == digest(masks[0] + ",-ERMS")
    # Which of its two ways this machine's own is, depends on the machine.
    assert digest(None) in {digest(mask) for mask in masks}


def test_the_processors_that_are_told_of(
    container_spec: Spec, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for cpu_class, millis, listed in ((None, 300, "0"), ("x86-64-v4", 2500, "0-2")):
        resources = replace(container_spec.resources, cpu_class=cpu_class, cpu_millis=millis)
        told = write_processors(
            tmp_path_factory.mktemp("told"), replace(container_spec, resources=resources)
        )
        assert told["/sys/devices/system/cpu/online"].read_text() == f"{listed}\n"
        text = told["/proc/cpuinfo"].read_text()
        assert text.count("processor\t:") == -(-millis // 1000)
        assert ("avx512f" in text) == (cpu_class == "x86-64-v4")


# A real engine.


def test_a_program_counts_one_processor_wherever_it_looks(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = """
      exec > /work/outputs/000000
      busybox env -u OMP_NUM_THREADS busybox nproc
      busybox cat /sys/devices/system/cpu/online /sys/devices/system/cpu/possible
      busybox grep -c ^processor /proc/cpuinfo
      busybox grep -c avx2 /proc/cpuinfo
      busybox grep Cpus_allowed_list /proc/self/status | busybox grep -c '[,-]'
      exit 0"""
    assert said(owner, make_container_work(script)) == ["1", "0", "0", "1", "0", "0"]


def test_a_program_sees_no_name_of_its_container(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = """
      exec > /work/outputs/000000
      busybox hostname; busybox cat /proc/sys/kernel/domainname; busybox cat /etc/hostname
      busybox grep -c '[0-9a-f]\\{64\\}' /proc/self/cgroup
      busybox date +%Z; busybox id -u; busybox ls /sys/class/net
      exit 0"""
    lines = said(owner, make_container_work(script))
    assert lines == ["fallow", "(none)", "fallow", "0", "UTC", "65534", "lo"]


def test_inputs_have_no_age_and_come_in_order(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    script = """
      cd /work/inputs
      busybox stat -c '%Y %n' . shared shared/0 tasks tasks/* > /work/outputs/000009
      busybox cp /work/outputs/000009 /work/outputs/000010"""
    work = make_container_work(script, (b"a", b"b"), (b"shared",), first_task=9)
    for path in (*work.task_inputs, *work.shared_inputs):
        path.chmod(0o644)  # linked, not copied
    one, _ = ContainerExecutor(owner).run(work, ignore_task_done)
    names = (".", "shared", "shared/0", "tasks", "tasks/000009", "tasks/000010")
    assert one.output.decode().splitlines() == [f"{FILE_TIME_SECONDS} {name}" for name in names]


def test_variables_are_fixed_and_a_spec_may_add_to_them(
    owner: str, make_container_work: MakeContainerWork
) -> None:
    own = {"OMP_NUM_THREADS": "4", "GLIBC_TUNABLES": "glibc.malloc.check=1", "MINE": "yes"}
    work = having(make_container_work("busybox env > /work/outputs/000000"), **own)
    found = dict(line.split("=", 1) for line in said(owner, work))
    assert found.items() >= environment(work.spec).items()
    assert (found["OMP_NUM_THREADS"], found["MINE"], found["TZ"]) == ("4", "yes", "UTC")
    assert found["HOSTNAME"] == "fallow"
    assert found["GLIBC_TUNABLES"].startswith("glibc.cpu.hwcaps=-AVX,")
    # Nothing else but what the image and the shell say: nothing of this machine.
    assert set(found) <= set(environment(work.spec)) | {
        *("HOSTNAME", "PATH", "HOME", "PWD", "SHLVL", "OLDPWD")
    }


def test_two_containers_say_the_same(owner: str, make_container_work: MakeContainerWork) -> None:
    script = """
      { busybox env; busybox hostname; busybox nproc; busybox ls -lR /work/inputs
        busybox cat /proc/self/cgroup /etc/hosts /proc/cpuinfo; } > /work/outputs/000000"""
    first, second = (said(owner, make_container_work(script, (b"x",))) for _ in range(2))
    assert first == second
