"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Dialect, LargeBinary, String, Text
from sqlalchemy.types import TypeDecorator

from protocol.units import Bytes32

_WEI_DIGITS = 78


class Wei(TypeDecorator[int]):
    """Up to 256 bits, which no SQL integer holds: zero-padded text, so that it also sorts."""

    impl = String(_WEI_DIGITS)
    cache_ok = True

    def process_bind_param(self, value: int | None, _dialect: Dialect) -> str | None:
        """To text."""
        return None if value is None else str(value).zfill(_WEI_DIGITS)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> int | None:
        """From text."""
        return None if value is None else int(value)


class Digest(TypeDecorator[Bytes32]):
    """Thirty-two raw bytes."""

    impl = LargeBinary(32)
    cache_ok = True

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> Bytes32 | None:
        """PostgreSQL's driver may answer with a memoryview."""
        return None if value is None else Bytes32(bytes(value))


class JsonText(TypeDecorator[Any]):
    """JSON as text: read back exactly as written."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """To text."""
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """From text."""
        return None if value is None else json.loads(value)


Address = String(42)
BlobName = String(71)
