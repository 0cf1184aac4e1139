"""The requester's ringers: read from a file, hidden among a job's inputs, remembered in private.

Nothing of this leaves the machine: not which tasks are ringers, nor what their results should be.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from protocol.canonical import parse_json
from protocol.client.blobs import blob_id_of
from protocol.client.private_files import write_private
from protocol.errors import InvalidInput
from protocol.result import Outcome
from protocol.ringers import Ringer, Ringers
from protocol.units import Bytes32, ContentId, parse_bytes32, parse_uint, to_hex
from requester.draft import Source

_RESULT_FIELDS = ("output", "failure", "result_hash")


@dataclass(frozen=True, slots=True)
class KnownTask:
    """An input whose right result is known. `result_hash` is that result's `Outcome.digest`."""

    source: Source
    result_hash: Bytes32 = field(repr=False)


@dataclass(frozen=True, slots=True)
class Note:
    """What is kept of a job with ringers.

    `inputs` are the ringers' inputs by name. The chain knows nothing of the job before
    `first_block`.
    """

    ringers: Ringers
    inputs: tuple[ContentId, ...] = field(repr=False)
    first_block: int

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "task_count": self.ringers.task_count,
            "first_block": self.first_block,
            "ringers": [
                {"task": ringer.task, "result_hash": to_hex(ringer.result_hash), "input": blob}
                for ringer, blob in zip(self.ringers.ringers, self.inputs, strict=True)
            ],
        }

    @classmethod
    def from_json(cls, value: Any) -> Note:
        """Read what `to_json` wrote."""
        items = value["ringers"]
        ringers = tuple(
            Ringer(parse_uint(item["task"], 32), parse_bytes32(item["result_hash"]))
            for item in items
        )
        return cls(
            Ringers(parse_uint(value["task_count"], 32), ringers),
            tuple(ContentId(item["input"]) for item in items),
            parse_uint(value["first_block"], 64),
        )


class Notes:
    """A folder with one private file a job: mode 0600, whole or not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, job_id: Bytes32, note: Note) -> None:
        """Keep a note durably; a job's first one stays.

        Raises:
            InvalidInput: the file cannot be made.
        """
        write_private(self._path(job_id), json.dumps(note.to_json()))

    def find(self, job_id: Bytes32) -> Note | None:
        """The note of a job; None: it has no ringers, as far as this machine knows.

        Raises:
            InvalidInput: its file holds something else.
        """
        return self._read(self._path(job_id))

    def require_unused(
        self, inputs: Sequence[ContentId], is_posted: Callable[[Bytes32], bool]
    ) -> None:
        """Refuse an input that was a ringer before: who has both jobs' inputs would know it.

        Raises:
            InvalidInput: it was, in a job that was posted; or it comes twice here.
        """
        if len(set(inputs)) < len(inputs):
            raise InvalidInput("two ringers have the same input: whoever sees both knows them")
        for path in sorted(self._folder.glob("*.json")):
            note = self._read(path)
            used = note is not None and not set(note.inputs).isdisjoint(inputs)
            if used and is_posted(parse_bytes32("0x" + path.stem)):
                raise InvalidInput(
                    f"a ringer's input was one of job 0x{path.stem} already: use each once, "
                    "or whoever was given both jobs' tasks knows it"
                )

    def _path(self, job_id: Bytes32) -> Path:
        return self._folder / f"{job_id.hex()}.json"

    def _read(self, path: Path) -> Note | None:
        try:
            return Note.from_json(parse_json(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (InvalidInput, KeyError, TypeError):
            raise InvalidInput(f"{path} is not a job's ringers") from None


def known_inputs(known: Sequence[KnownTask]) -> tuple[ContentId, ...]:
    """Their inputs' names.

    Raises:
        InvalidInput: a file cannot be read.
    """
    return tuple(blob_id_of(task.source) for task in known)


def read_known(path: Path) -> list[KnownTask]:
    """Ringers from a file of JSON lines; files that it names are looked for beside it.

    {"input": "cat.bin", "output": "yes.bin"}; instead of the right output's file, "result_hash"
    (what `fallow job show --tasks` shows of a result) or the "failure" of a program that must fail.

    Raises:
        InvalidInput: a file cannot be read, or a line is something else.
    """
    known = []
    for number, line in enumerate(_read(path).splitlines(), 1):
        if line.strip():
            try:
                known.append(_known(parse_json(line), path.parent))
            except InvalidInput as error:
                raise InvalidInput(f"{path}, line {number}: {error}") from None
    if not known:
        raise InvalidInput(f"{path} has no ringers")
    return known


def _known(value: Any, folder: Path) -> KnownTask:
    names = set(value) - {"input"} if isinstance(value, Mapping) else set()
    if len(names) != 1 or len(value) != 2 or not names <= set(_RESULT_FIELDS):
        raise InvalidInput(f'expected "input" and one of {", ".join(_RESULT_FIELDS)}')
    if not all(isinstance(text, str) for text in value.values()):
        raise InvalidInput("every value is a text")
    if "output" in value:
        result_hash = Outcome(_read(folder / value["output"])).digest
    elif "failure" in value:
        result_hash = Outcome(failure=value["failure"]).digest
    else:
        result_hash = parse_bytes32(value["result_hash"])
    return KnownTask(folder / value["input"], result_hash)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from None
