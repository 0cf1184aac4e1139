"""Which classes a processor is of, and which processors a container gets."""

from __future__ import annotations

import os
import platform
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ExecutorUnavailable
from protocol.spec import CPU_CLASSES, Spec
from provider.executors import cpus
from provider.executors.base import executor_for
from provider.executors.container import ContainerExecutor
from provider.executors.cpus import (
    CpuPins,
    classes_of,
    cpu_classes,
    cpu_count,
    flags_of,
    require_cpu_class,
)

LEVELS = CPU_CLASSES[:3]


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_holds_those_before_it(level: str) -> None:
    expected = LEVELS[: LEVELS.index(level) + 1]
    assert classes_of("x86_64", flags_of(level)) == expected
    for missing in flags_of(level):
        assert level not in classes_of("x86_64", set(flags_of(level)) - {missing})


@given(st.sets(st.sampled_from(flags_of("x86-64-v4"))))
def test_classes_never_skip_a_level(flags: set[str]) -> None:
    found = classes_of("x86_64", flags)
    assert found == LEVELS[: len(found)]


def test_other_architectures() -> None:
    assert classes_of("aarch64", ()) == ("arm64",)
    assert classes_of("riscv64", flags_of("x86-64-v4")) == ()
    assert set(cpu_classes()) <= set(CPU_CLASSES)


def test_a_machine_is_what_its_weakest_processor_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "cpuinfo"
    levels = ("x86-64-v4", "x86-64-v3")
    told.write_text("".join(f"flags\t\t: {' '.join(flags_of(level))}\n\n" for level in levels))
    monkeypatch.setattr(cpus, "CPUINFO", told)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert cpu_classes.__wrapped__() == ("x86-64-v2", "x86-64-v3")
    monkeypatch.setattr(cpus, "CPUINFO", tmp_path / "nowhere")
    assert cpu_classes.__wrapped__() == ()


def test_a_machine_without_the_class_says_so_instead_of_guessing(
    container_spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    resources = replace(container_spec.resources, cpu_class="x86-64-v4")
    demanding = replace(container_spec, resources=resources)
    require_cpu_class(container_spec, ())
    require_cpu_class(demanding, LEVELS)
    monkeypatch.setattr("provider.executors.cpus.cpu_classes", lambda: ("x86-64-v2",))
    with pytest.raises(ExecutorUnavailable, match="x86-64-v4, this machine has x86-64-v2"):
        executor_for(demanding, [ContainerExecutor("nobody")])


@pytest.mark.parametrize(("millis", "count"), [(1, 1), (1000, 1), (1001, 2), (4000, 4)])
def test_how_many_processors_are_seen(millis: int, count: int) -> None:
    assert cpu_count(millis) == count


def test_the_least_used_processors_come_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 5, 7})
    pins, used = CpuPins(), Counter[int]()
    with pins.pinned(1) as one, pins.pinned(1) as two, pins.pinned(1) as three:
        used.update((*one, *two, *three))
    assert used == {2: 1, 5: 1, 7: 1}
    with pins.pinned(2) as pair, pins.pinned(1) as rest:
        assert {*pair, *rest} == {2, 5, 7}
    with pytest.raises(ExecutorUnavailable, match="demands 4 processors, this machine lends 3"):
        pins.pinned(4).__enter__()
