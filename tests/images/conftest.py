"""A host of the task ABI in a few lines, and the MiniLM model, for the tests beside it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import wasmtime
from numpy.typing import NDArray

from requester.recipes.embeddings.reference import load_weights
from requester.recipes.embeddings.tokenizer import ModelFiles, model_files
from requester.recipes.embeddings.weights import pack_weights

WASM = Path(__file__).resolve().parents[2] / "images" / "wasm"
PLENTY_FUEL = 10**12
OUTPUT_LIMIT_BYTES, LOG_LIMIT_BYTES, MEMORY_LIMIT_BYTES = 1 << 20, 1 << 12, 64 << 20


class Refused(Exception):
    """The host's functions stop a program that breaks the ABI."""


@dataclass(frozen=True)
class Ending:
    code: int
    output: bytes
    log: bytes
    fuel: int


class Host:
    """One engine, set as the ABI says; a fresh instance for each execution."""

    def __init__(self) -> None:
        config = wasmtime.Config()
        config.consume_fuel = True
        config.cranelift_nan_canonicalization = True
        config.wasm_relaxed_simd = False
        config.wasm_threads = False
        self._engine = wasmtime.Engine(config)
        self.compile = cache(self._compile)

    def _compile(self, path: Path) -> wasmtime.Module:
        if path.suffix == ".wat":
            return wasmtime.Module(self._engine, bytes(wasmtime.wat2wasm(path.read_text())))
        return wasmtime.Module.from_file(self._engine, str(path))

    def reload(self, module: wasmtime.Module) -> wasmtime.Module:
        return wasmtime.Module.deserialize(self._engine, module.serialize())

    def execute(
        self, module: wasmtime.Module, inputs: Sequence[bytes], fuel: int = PLENTY_FUEL
    ) -> Ending:
        _check_exports(module)
        store = wasmtime.Store(self._engine)
        store.set_fuel(fuel)
        store.set_limits(memory_size=MEMORY_LIMIT_BYTES, table_elements=1 << 20)
        imports = _Imports(inputs)
        exports = imports.linker(self._engine).instantiate(store, module).exports(store)
        initialize, run = exports.get("_initialize"), exports["run"]
        if isinstance(initialize, wasmtime.Func):
            initialize(store)
        assert isinstance(run, wasmtime.Func)
        code = run(store)
        return Ending(code, bytes(imports.output), bytes(imports.log), fuel - store.get_fuel())


class _Imports:
    """The functions of the ABI over one task's inputs."""

    def __init__(self, inputs: Sequence[bytes]) -> None:
        self._inputs = inputs
        self.output, self.log = bytearray(), bytearray()

    def linker(self, engine: wasmtime.Engine) -> wasmtime.Linker:
        i32, i64 = wasmtime.ValType.i32(), wasmtime.ValType.i64()
        linker = wasmtime.Linker(engine)
        for name, parameters, results, function in (
            ("input_count", [], [i32], self._count),
            ("input_size", [i32], [i64], self._size),
            ("input_read", [i32, i64, i32, i32], [i32], self._read),
            ("output_write", [i32, i32], [], self._write),
            ("log_write", [i32, i32], [], self._write_log),
        ):
            kind = wasmtime.FuncType(parameters, results)
            linker.define_func("fallow", name, kind, function, access_caller=True)
        return linker

    def _count(self, _: wasmtime.Caller) -> int:
        return len(self._inputs)

    def _size(self, _: wasmtime.Caller, index: int) -> int:
        return len(self._inputs[index]) if 0 <= index < len(self._inputs) else -1

    def _read(
        self, caller: wasmtime.Caller, index: int, offset: int, pointer: int, length: int
    ) -> int:
        memory, start, end = _range(caller, pointer, length)
        if not 0 <= index < len(self._inputs) or offset < 0:
            raise Refused("no such input or offset")
        return memory.write(caller, self._inputs[index][offset : offset + end - start], start)

    def _write(self, caller: wasmtime.Caller, pointer: int, length: int) -> None:
        memory, start, end = _range(caller, pointer, length)
        if len(self.output) + end - start > OUTPUT_LIMIT_BYTES:
            raise Refused("too much output")
        self.output += memory.read(caller, start, end)

    def _write_log(self, caller: wasmtime.Caller, pointer: int, length: int) -> None:
        memory, start, end = _range(caller, pointer, length)
        room = LOG_LIMIT_BYTES - len(self.log)
        self.log += memory.read(caller, start, min(end, start + room))


def _range(caller: wasmtime.Caller, pointer: int, length: int) -> tuple[wasmtime.Memory, int, int]:
    memory, start = caller["memory"], pointer % 2**32
    end = start + length % 2**32
    assert isinstance(memory, wasmtime.Memory)
    if end > memory.data_len(caller):
        raise Refused("outside the memory")
    return memory, start, end


def _check_exports(module: wasmtime.Module) -> None:
    exports = {export.name: export.type for export in module.exports}
    run = exports.get("run")
    if not isinstance(exports.get("memory"), wasmtime.MemoryType):
        raise Refused("no memory")
    if not isinstance(run, wasmtime.FuncType):
        raise Refused("no run")
    if run.params or [str(result) for result in run.results] != ["i32"]:
        raise Refused("run is not () -> i32")


@pytest.fixture(scope="session")
def host() -> Host:
    return Host()


@pytest.fixture(scope="session")
def wasm_folder() -> Path:
    return WASM


@pytest.fixture(scope="session")
def run_program(host: Host) -> Callable[..., Ending]:
    def run(name: str, *inputs: bytes) -> Ending:
        return host.execute(host.compile(WASM / "built" / f"{name}.wasm"), inputs)

    return run


@pytest.fixture(scope="session")
def model() -> ModelFiles:
    return model_files()


@pytest.fixture(scope="session")
def packed_weights(model: ModelFiles) -> bytes:
    return pack_weights(model.weights)


@pytest.fixture(scope="session")
def reference_weights(model: ModelFiles) -> dict[str, NDArray[np.float32]]:
    return dict(load_weights(model.weights))
