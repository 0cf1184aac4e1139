"""The first process of every task container: it sleeps for a given time and exits.

A container's outputs live in a tmpfs that ends with the container, so the container must outlive
the program; and a container whose daemon was killed must end by itself. A program of our own, 150
bytes of it, does both in any image, whatever is or is not inside.
"""

from __future__ import annotations

import struct
from pathlib import Path

from protocol.errors import ExecutorUnavailable

_BASE_ADDRESS = 0x400000
_HEADER_BYTES = 64 + 56
_EM_X86_64 = 62
# lea's displacement reaches over this code to the timespec behind it.
_AFTER_LEA = bytes.fromhex(
    "31f6"  # xor esi, esi        no remainder wanted
    "0f05"  # syscall             nanosleep(&timespec, NULL)
    "b8e7000000"  # mov eax, 231
    "31ff"  # xor edi, edi
    "0f05"  # syscall             exit_group(0)
)


def holder_program(seconds: int) -> bytes:
    """An x86-64 Linux executable that sleeps for `seconds` and exits with 0."""
    code = bytes.fromhex("b823000000488d3d")  # mov eax, 35; lea rdi, [rip + ...]
    code += struct.pack("<i", len(_AFTER_LEA)) + _AFTER_LEA + struct.pack("<qq", seconds, 0)
    return _elf_header() + _program_header(len(code)) + code


def write_holder(directory: Path, seconds: int, architecture: str) -> Path:
    """Write the holder for an engine of `architecture` (as Docker names it).

    Raises:
        ExecutorUnavailable: no holder is known for it.
    """
    if architecture not in {"amd64", "x86_64"}:
        raise ExecutorUnavailable(f"container tasks need an x86-64 engine, not {architecture}")
    path = directory / "hold"
    path.write_bytes(holder_program(seconds))
    path.chmod(0o555)
    return path


def _elf_header() -> bytes:
    identity = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)
    entry = _BASE_ADDRESS + _HEADER_BYTES
    numbers = (2, _EM_X86_64, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return identity + struct.pack("<HHIQQQIHHHHHH", *numbers)


def _program_header(code_bytes: int) -> bytes:
    size = _HEADER_BYTES + code_bytes
    return struct.pack("<IIQQQQQQ", 1, 5, 0, _BASE_ADDRESS, _BASE_ADDRESS, size, size, 0x1000)
