"""A step module's state between two steps, as bytes whose SHA-256 is the state's digest.

    "fallow run 1"                                   12 bytes; at the end "fallow end 1" and the
                                                     task's digest, and nothing else
    fuel used, memory pages, globals, output bytes   u64, u32, u32, u64, little endian
    each mutable global, in the order of exports     i64, little endian
    the output so far
    each page of the memory that is not zero         its number, u32, and its 65,536 bytes

One state has one form, so a blob of these bytes is named by what the arbiter keeps of the state.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from protocol.bisection import END_PREFIX
from protocol.errors import InvalidInput
from protocol.units import Bytes32

PAGE_BYTES = 1 << 16
_RUNNING = b"fallow run 1"
_HEADER = struct.Struct("<QIIQ")
_GLOBAL = struct.Struct("<q")
_PAGE_NUMBER = struct.Struct("<I")
ZERO_PAGE = bytes(PAGE_BYTES)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the next step can depend on, the module and its inputs aside.

    `pages` are those that are not zero, by their number, of `memory_pages` in all.
    """

    fuel_used: int
    memory_pages: int
    global_values: tuple[int, ...]
    output: bytes
    pages: Mapping[int, bytes]

    def encode(self) -> bytes:
        """The one form of this state."""
        parts = [
            _RUNNING,
            _HEADER.pack(
                self.fuel_used, self.memory_pages, len(self.global_values), len(self.output)
            ),
            *(_GLOBAL.pack(value) for value in self.global_values),
            self.output,
        ]
        for number, page in sorted(self.pages.items()):
            parts += _PAGE_NUMBER.pack(number), page
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes) -> Snapshot:
        """Read what `encode` wrote, and nothing else.

        Raises:
            InvalidInput: it is not the one form of a running execution's state.
        """
        try:
            found = _read(data)
        except struct.error:
            raise InvalidInput("a snapshot ends too early") from None
        if found.encode() != data or any(n >= found.memory_pages for n in found.pages):
            raise InvalidInput("not the one form of a snapshot")
        return found


def end_of(task_digest: Bytes32) -> bytes:
    """The end's own form."""
    return END_PREFIX + task_digest


def is_end(data: bytes) -> bool:
    """Whether these bytes are an end's."""
    return data.startswith(END_PREFIX)


def digest_of(data: bytes) -> Bytes32:
    """The digest of the state with this form."""
    return Bytes32(hashlib.sha256(data).digest())


def used_pages(memory: memoryview) -> Mapping[int, bytes]:
    """The pages of a memory that are not zero."""
    return dict(_used_pages(memory))


def _used_pages(memory: memoryview) -> Iterator[tuple[int, bytes]]:
    for number in range(len(memory) // PAGE_BYTES):
        page = bytes(memory[number * PAGE_BYTES : (number + 1) * PAGE_BYTES])
        if page != ZERO_PAGE:
            yield number, page


def _read(data: bytes) -> Snapshot:
    if not data.startswith(_RUNNING):
        raise InvalidInput("not a running execution's snapshot")
    at = len(_RUNNING)
    fuel_used, memory_pages, global_count, output_bytes = _HEADER.unpack_from(data, at)
    at += _HEADER.size
    if at + _GLOBAL.size * global_count + output_bytes > len(data):
        raise InvalidInput("a snapshot ends too early")
    values = struct.unpack_from(f"<{global_count}q", data, at)
    at += _GLOBAL.size * global_count
    output, at = data[at : at + output_bytes], at + output_bytes
    pages = {}
    while at < len(data):
        (number,) = _PAGE_NUMBER.unpack_from(data, at)
        at += _PAGE_NUMBER.size
        pages[number] = data[at : at + PAGE_BYTES]
        at += PAGE_BYTES
    if any(page == ZERO_PAGE or len(page) != PAGE_BYTES for page in pages.values()):
        raise InvalidInput("a snapshot's pages are whole, and not zero")
    return Snapshot(fuel_used, memory_pages, values, output, pages)
