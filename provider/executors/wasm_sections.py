"""Reads what of a wasm binary wasmtime's introspection does not show: globals, start, instructions.

Only for modules that wasmtime has validated: nothing here is checked twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from provider.executors.wasm_reader import Reader

_HEADER_BYTES = 8
_IMPORT, _TABLE, _GLOBAL, _EXPORT, _START, _CODE, _DATA_COUNT = 2, 4, 6, 7, 8, 10, 12
_KIND_FUNCTION, _KIND_TABLE, _KIND_GLOBAL = 0, 1, 3
_INTEGERS = (0x7F, 0x7E)  # i32, i64
_CHANGES = {
    (0x26, 0): "table.set",
    (0xFC, 9): "data.drop",
    (0xFC, 12): "table.init",
    (0xFC, 13): "elem.drop",
    (0xFC, 14): "table.copy",
    (0xFC, 15): "table.grow",
    (0xFC, 17): "table.fill",
}


@dataclass(frozen=True, slots=True)
class _Global:
    kind: int
    is_mutable: bool


def hidden_state(code: bytes) -> str | None:
    """Why a module may keep state that a host can neither see nor restore; None: it cannot.

    A start function would run again in every instance. A float's global could hold a NaN whose bits
    get lost on the way.
    """
    sections = dict(_sections(code))
    if _START in sections:
        return "a step module has no start function: use _initialize"
    exported = set(_exported_globals(sections.get(_EXPORT, b"")))
    imported = sum(kind == _KIND_GLOBAL for kind in _import_kinds(sections.get(_IMPORT, b"")))
    for index, found in enumerate(_globals(sections.get(_GLOBAL, b"")), imported):
        if found.is_mutable and index not in exported:
            return f"a step module exports its mutable globals: {index} is hidden"
        if found.is_mutable and found.kind not in _INTEGERS:
            return f"a step module's mutable globals are integers: {index} is none"
    if _TABLE in sections or _DATA_COUNT in sections:
        return _hidden_change(sections.get(_CODE, b""))
    return None


def _hidden_change(section: bytes) -> str | None:
    for instruction in _instructions(section):
        change = _CHANGES.get(instruction)
        if change is not None:
            return f"a step module's tables and segments stay as they are: no {change}"
    return None


def _sections(code: bytes) -> Iterator[tuple[int, bytes]]:
    reader = Reader(code[_HEADER_BYTES:])
    while reader.has_more():
        yield reader.byte(), reader.take(reader.number())


def _import_kinds(section: bytes) -> Iterator[int]:
    reader = Reader(section)
    for _ in range(reader.number() if section else 0):
        reader.name()
        reader.name()
        kind = reader.byte()
        yield kind
        if kind == _KIND_FUNCTION:
            reader.number()
        elif kind == _KIND_GLOBAL:
            reader.take(2)
        else:  # a table, whose type comes first, or a memory
            reader.take(1 if kind == _KIND_TABLE else 0)
            reader.limits()


def _globals(section: bytes) -> Iterator[_Global]:
    reader = Reader(section)
    for _ in range(reader.number() if section else 0):
        yield _Global(reader.byte(), reader.byte() == 1)
        reader.skip_expression()


def _exported_globals(section: bytes) -> Iterator[int]:
    reader = Reader(section)
    for _ in range(reader.number() if section else 0):
        reader.name()
        kind, index = reader.byte(), reader.number()
        if kind == _KIND_GLOBAL:
            yield index


def _instructions(section: bytes) -> Iterator[tuple[int, int]]:
    reader = Reader(section)
    for _ in range(reader.number() if section else 0):
        body = Reader(reader.take(reader.number()))
        for _ in range(body.number()):  # groups of locals
            body.number()
            body.number()
        while body.has_more():
            yield body.instruction()
