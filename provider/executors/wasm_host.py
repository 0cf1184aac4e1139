"""The five functions that a wasm task may call (images/wasm/ABI.md), for one lease at a time.

No exception ever leaves a host function: wasmtime's Python binding hands exceptions over through
one process-wide variable, which concurrent executions would mix up. A refusal is noted here and
the store's fuel set to zero, so that the guest stops at its next loop or call.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import wasmtime

from protocol.errors import ExecutionFailed

MAX_LOG_BYTES = 64 * 1024
IMPORT_MODULE = "fallow"
_U32 = 0xFFFF_FFFF
_P = ParamSpec("_P")
_R = TypeVar("_R")


class InputFile:
    """An input opened for reading by position; `preadv` copies it straight into guest memory."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size_bytes = os.fstat(self._descriptor).st_size

    def read_into(self, target: memoryview, offset: int) -> None:
        """Fill `target` from `offset` on.

        Raises:
            ExecutionFailed: the file is shorter than it was.
        """
        done = 0
        while done < len(target):
            count = os.preadv(self._descriptor, [target[done:]], offset + done)
            if count == 0:
                raise ExecutionFailed("an input's file shrank while it was read")
            done += count

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self._descriptor)


def _guarded(
    default: _R,
) -> Callable[
    [Callable[Concatenate[TaskHost, wasmtime.Caller, _P], _R]],
    Callable[Concatenate[TaskHost, wasmtime.Caller, _P], _R],
]:
    """Turn what a host function raises into a stop of the guest that returns `default`."""

    def decorate(
        function: Callable[Concatenate[TaskHost, wasmtime.Caller, _P], _R],
    ) -> Callable[Concatenate[TaskHost, wasmtime.Caller, _P], _R]:
        @functools.wraps(function)
        def call(
            self: TaskHost, caller: wasmtime.Caller, /, *args: _P.args, **kwargs: _P.kwargs
        ) -> _R:
            try:
                return function(self, caller, *args, **kwargs)
            except _Refused as refused:
                self.failure = self.failure or refused.code
            except BaseException as error:  # noqa: BLE001 - raised again by `check`
                self.error = self.error or error
            self.store.set_fuel(0)
            return default

        return call

    return decorate


class TaskHost:
    """What the running task sees of the world, and what it gave back so far."""

    def __init__(self, shared_inputs: Sequence[Path], max_output_bytes: int) -> None:
        self._shared = [InputFile(path) for path in shared_inputs]
        self._own: InputFile | None = None
        self._max_output_bytes = max_output_bytes
        self.output = bytearray()
        self.log = bytearray()
        self.failure: str | None = None
        self.error: BaseException | None = None
        self.store: wasmtime.Store

    def begin(self, store: wasmtime.Store, own_input: Path) -> None:
        """Forget the last task and serve the next, whose instance lives in `store`."""
        self._close_own()
        self._own = InputFile(own_input)
        self.store = store
        self.output, self.log = bytearray(), bytearray()
        self.failure, self.error = None, None

    def check(self) -> None:
        """Raise what went wrong in a host function, if it was this host's own fault."""
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Close every input."""
        self._close_own()
        for shared in self._shared:
            shared.close()
        self._shared = []

    @_guarded(0)
    def input_count(self, _caller: wasmtime.Caller) -> int:
        """() -> i32"""
        return 1 + len(self._shared)

    @_guarded(-1)
    def input_size(self, _caller: wasmtime.Caller, index: int) -> int:
        """(input: i32) -> i64, -1 for an unknown input"""
        source = self._input(index)
        return -1 if source is None else source.size_bytes

    @_guarded(0)
    def input_read(
        self, caller: wasmtime.Caller, index: int, offset: int, pointer: int, length: int
    ) -> int:
        """(input: i32, offset: i64, pointer: i32, length: i32) -> i32 bytes copied"""
        source = self._input(index)
        if source is None or offset < 0:
            raise _Refused("trap")
        view = _guest_range(caller, pointer, length)
        count = min(len(view), max(0, source.size_bytes - offset))
        source.read_into(view[:count], offset)
        return count if count < 1 << 31 else count - (1 << 32)

    @_guarded(None)
    def output_write(self, caller: wasmtime.Caller, pointer: int, length: int) -> None:
        """(pointer: i32, length: i32)"""
        view = _guest_range(caller, pointer, length)
        if len(self.output) + len(view) > self._max_output_bytes:
            raise _Refused("output_exceeded")
        self.output += view

    @_guarded(None)
    def log_write(self, caller: wasmtime.Caller, pointer: int, length: int) -> None:
        """(pointer: i32, length: i32); cut off at MAX_LOG_BYTES"""
        view = _guest_range(caller, pointer, length)
        self.log += view[: MAX_LOG_BYTES - len(self.log)]

    def define(self, linker: wasmtime.Linker) -> None:
        """Offer the five functions, and nothing else, to the modules of `linker`."""
        i32, i64 = wasmtime.ValType.i32, wasmtime.ValType.i64
        functions: list[tuple[list[Any], list[Any], Callable[..., Any]]] = [
            ([], [i32()], self.input_count),
            ([i32()], [i64()], self.input_size),
            ([i32(), i64(), i32(), i32()], [i32()], self.input_read),
            ([i32(), i32()], [], self.output_write),
            ([i32(), i32()], [], self.log_write),
        ]
        for parameters, results, function in functions:
            function_type = wasmtime.FuncType(parameters, results)
            name = function.__name__
            linker.define_func(IMPORT_MODULE, name, function_type, function, access_caller=True)

    def _input(self, index: int) -> InputFile | None:
        if index == 0:
            return self._own
        return self._shared[index - 1] if 1 <= index <= len(self._shared) else None

    def _close_own(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None


class _Refused(Exception):
    """The guest broke a rule of the ABI; `code` is the outcome's failure."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _guest_range(caller: wasmtime.Caller, pointer: int, length: int) -> memoryview:
    """The guest's bytes [pointer, pointer + length), both numbers unsigned, without a copy.

    Raises:
        _Refused: the range leaves the memory.
    """
    start, count = pointer & _U32, length & _U32
    memory = caller["memory"]
    assert isinstance(memory, wasmtime.Memory)  # the executor checked the module's exports
    if start + count > memory.data_len(caller):
        raise _Refused("trap")
    if count == 0:
        return memoryview(bytearray())
    return memoryview(memory.get_buffer_ptr(caller, count, start)).cast("B")
