"""Choosing an executor, and the rules of lease work."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from protocol.errors import ExecutorUnavailable, InvalidInput
from protocol.spec import Spec
from provider.executors.base import Executor, LeaseWork, executor_for
from provider.executors.container import ContainerExecutor
from provider.executors.wasm import WasmExecutor

MakeWork = Callable[..., LeaseWork]


def test_the_executor_that_supports_the_spec(make_work: MakeWork, container_spec: Spec) -> None:
    wasm, container = WasmExecutor(), ContainerExecutor("test")
    assert isinstance(wasm, Executor)
    assert isinstance(container, Executor)
    assert executor_for(make_work(b"").spec, [container, wasm]) is wasm
    assert executor_for(container_spec, [wasm, container]) is container
    with pytest.raises(ExecutorUnavailable, match="no sandbox for container"):
        executor_for(container_spec, [wasm])


def test_work_needs_tasks_and_every_input(make_work: MakeWork) -> None:
    work = make_work(b"", (b"a", b"b"), (b"shared",))
    with pytest.raises(InvalidInput, match="one input file for each"):
        dataclasses.replace(work, task_inputs=work.task_inputs[:1])
    with pytest.raises(InvalidInput, match="one input file for each"):
        dataclasses.replace(work, tasks=[], task_inputs=[])
    with pytest.raises(InvalidInput, match="every shared input"):
        dataclasses.replace(work, shared_inputs=[])


def test_a_relative_scratch_directory_becomes_absolute(make_work: MakeWork) -> None:
    work = dataclasses.replace(make_work(b""), scratch=Path("some/folder"))
    assert work.scratch == Path.cwd() / "some/folder"
