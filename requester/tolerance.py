"""How a command line names a comparator: its kind, then its fields, with commas between them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from protocol.errors import InvalidInput, InvalidSpec
from protocol.units import shown
from protocol.verification import Comparator, comparator_from_json

EXAMPLE = "close,dtype=float32,absolute=1e-6,relative=1e-5"
_WHOLE_NUMBERS = {"dimensions"}


def parse_comparator(text: str) -> Comparator | Path:
    """Read `kind,field=value,...`; of a custom one, `custom,module=FILE`, the module's file.

    Raises:
        InvalidInput: not of that form, or there is no such comparator.
    """
    kind, *pairs = text.split(",")
    fields: dict[str, Any] = {"kind": kind}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name in fields:
            raise InvalidInput(f"not a comparator: {shown(text)}; write it like {EXAMPLE}")
        is_number = name in _WHOLE_NUMBERS and value.isascii() and value.isdigit()
        fields[name] = int(value[:9]) if is_number else value
    if kind == "custom" and set(fields) == {"kind", "module"}:
        return Path(fields["module"])
    try:
        return comparator_from_json(fields)
    except InvalidSpec as error:
        raise InvalidInput(f"--tolerance: {error}") from None
