"""Reads the pieces of a valid wasm binary: numbers, names, instructions with what follows them.

Every opcode of the specification's second version is known, those that no job may use aside: a
module that has others is never valid here (see `wasm.py`).
"""

from __future__ import annotations

_END = 0x0B
_BR_TABLE, _SELECT_TYPED = 0x0E, 0x1C
_MORE, _VECTOR = 0xFC, 0xFD
# How many LEB128 numbers follow an opcode; none if it is not here.
_NUMBERS = {
    **dict.fromkeys((0x02, 0x03, 0x04, 0x0C, 0x0D, 0x10), 1),  # blocks, br, br_if, call
    0x11: 2,  # call_indirect
    **dict.fromkeys(range(0x20, 0x27), 1),  # locals, globals, table.get, table.set
    **dict.fromkeys(range(0x28, 0x3F), 2),  # loads and stores
    **dict.fromkeys((0x3F, 0x40, 0x41, 0x42), 1),  # memory.size, memory.grow, constants
    **dict.fromkeys((0xD0, 0xD2), 1),  # ref.null, ref.func
}
_MORE_NUMBERS = {8: 2, 9: 1, 10: 2, 11: 1, 12: 2, 13: 1, 14: 2, 15: 1, 16: 1, 17: 1}
_BYTES = {0x43: 4, 0x44: 8}  # f32.const, f64.const
_VECTOR_LOADS = (*range(12), *range(84, 94))
_VECTOR_BYTES = {
    **dict.fromkeys((12, 13), 16),  # v128.const, i8x16.shuffle
    **dict.fromkeys(range(21, 35), 1),  # lanes
    **dict.fromkeys(range(84, 92), 1),  # loads and stores of a lane
}


class Reader:
    """Reads bytes from the first to the last."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def has_more(self) -> bool:
        """Whether there is anything left."""
        return self._at < len(self._data)

    def byte(self) -> int:
        """The next byte."""
        self._at += 1
        return self._data[self._at - 1]

    def take(self, count: int) -> bytes:
        """The next bytes."""
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self) -> int:
        """A LEB128 number, as if it had no sign."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def name(self) -> bytes:
        """Bytes behind their count."""
        return self.take(self.number())

    def limits(self) -> None:
        """Pass over the limits of a table or a memory."""
        flags = self.byte()
        self._skip_numbers(2 if flags & 1 else 1)

    def skip_expression(self) -> None:
        """Pass over a constant expression."""
        while self.instruction() != (_END, 0):
            pass

    def instruction(self) -> tuple[int, int]:
        """The next instruction's opcode, and its second one (0 if it has none)."""
        opcode = self.byte()
        if opcode == _MORE:
            second = self.number()
            self._skip_numbers(_MORE_NUMBERS.get(second, 0))
            return opcode, second
        if opcode == _VECTOR:
            return opcode, self._vector()
        if opcode == _BR_TABLE:
            self._skip_numbers(self.number() + 1)
        elif opcode == _SELECT_TYPED:
            self._skip_numbers(self.number())
        else:
            self._skip_numbers(_NUMBERS.get(opcode, 0))
            self._at += _BYTES.get(opcode, 0)
        return opcode, 0

    def _vector(self) -> int:
        second = self.number()
        if second in _VECTOR_LOADS:
            self._skip_numbers(2)
        self._at += _VECTOR_BYTES.get(second, 0)
        return second

    def _skip_numbers(self, count: int) -> None:
        for _ in range(count):
            while self.byte() >= 0x80:
                pass
