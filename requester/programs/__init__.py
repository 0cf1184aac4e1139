"""The wasm programs that the package brings along.

The modules here are links to what `images/wasm/build.py` makes, so that there is one copy in the
repository; a built package holds the files themselves.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from protocol.errors import BlobMismatch, NotFound

_FOLDER = Path(__file__).resolve().parent


def program_names() -> list[str]:
    """The names that `program` knows."""
    return sorted(path.stem for path in _FOLDER.glob("*.wasm"))


def program(name: str) -> Path:
    """The module of that name.

    Raises:
        NotFound: there is none; the message names those there are.
        BlobMismatch: the file is not the one that the package was made with.
    """
    if name not in program_names():
        raise NotFound(f"no program {name!r}; there are {', '.join(program_names())}")
    path = _FOLDER / f"{name}.wasm"
    digests = json.loads((_FOLDER / "digests.json").read_text())
    if hashlib.sha256(path.read_bytes()).hexdigest() != digests[name]:
        raise BlobMismatch(f"{path} is damaged: install the package again")
    return path
