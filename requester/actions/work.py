"""What the options of `fallow job run` ask for, as a draft and its inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import islice
from pathlib import Path
from types import ModuleType

from protocol.canonical import parse_json
from protocol.errors import InvalidInput
from protocol.spec import Limits, Resources
from requester.draft import (
    CONTAINER_LIMITS,
    ONE_CORE,
    WASM_LIMITS,
    Comparing,
    ContainerDraft,
    Draft,
    WasmDraft,
)
from requester.handle import JobHandle
from requester.programs import program
from requester.tolerance import parse_comparator


class Recipe(StrEnum):
    """The ready AI work that there is."""

    EMBEDDINGS = "embeddings"


@dataclass(frozen=True)
class Order:
    """The options, as given."""

    recipe: Recipe | None
    texts: Path | None
    texts_per_task: int
    program: str | None
    image: Path | None
    command: tuple[str, ...]
    input_files: tuple[Path, ...]
    split_lines: int | None
    shared: tuple[Path, ...]
    label: str
    wall_seconds: int
    memory_mib: int
    cpu_class: str | None = None
    tolerance: str | None = None

    def __post_init__(self) -> None:
        if sum(1 for kind in (self.recipe, self.program, self.image) if kind) != 1:
            raise InvalidInput("say one of --recipe, --program and --image")
        if self.recipe and (self.texts is None or self.input_files or self.shared):
            raise InvalidInput("the embeddings recipe takes --texts, and no other input")
        if not self.recipe and (self.texts is not None or not self.input_files):
            raise InvalidInput("say what to work on: --input FILE")
        if (self.image is None) != (not self.command):
            raise InvalidInput("an image needs its command after --, and nothing else takes one")
        if self.recipe and self.tolerance:
            raise InvalidInput("the embeddings recipe is exact: it takes no --tolerance")

    def draft(self) -> Draft:
        """What runs.

        Raises:
            InvalidInput, NotFound: a file or a program is missing.
        """
        if self.recipe:
            draft: WasmDraft = _embeddings().embedding_draft(self.texts_per_task, self.wall_seconds)
            return replace(draft, label=self.label or draft.label)
        if self.image:
            return ContainerDraft(
                image=self.image,
                command=self.command,
                shared=self.shared,
                resources=self._resources(),
                limits=self._limits(CONTAINER_LIMITS),
                label=self.label,
                comparator=self._comparator(),
            )
        return WasmDraft(
            module=_module(self.program or ""),
            shared=self.shared,
            resources=self._resources(),
            limits=self._limits(WASM_LIMITS),
            label=self.label or Path(self.program or "").stem[:80],
            comparator=self._comparator(),
        )

    def inputs(self) -> Sequence[Path | bytes]:
        """One input for each task.

        Raises:
            InvalidInput: a file is missing, or holds nothing to do.
        """
        if self.recipe:
            parts: list[bytes] = _embeddings().task_inputs(self._texts, self.texts_per_task)
            return parts
        if self.split_lines is None:
            return self.input_files
        return [part for path in self.input_files for part in split(path, self.split_lines)]

    def save(self, handle: JobHandle, output: Path) -> list[Path]:
        """Write the results: files in the folder `output`, or the vectors to the file `output`."""
        if not self.recipe:
            return handle.download(output)
        import numpy as np

        vectors = _embeddings().collect(handle.results(), len(self._texts), self.texts_per_task)
        with output.open("wb") as file:
            np.save(file, vectors)
        return [output]

    @cached_property
    def _texts(self) -> list[str]:
        return read_texts(self.texts or Path())

    def _comparator(self) -> Comparing | None:
        return parse_comparator(self.tolerance) if self.tolerance else None

    def _resources(self) -> Resources:
        return replace(ONE_CORE, memory_bytes=self.memory_mib << 20, cpu_class=self.cpu_class)

    def _limits(self, limits: Limits) -> Limits:
        return replace(limits, wall_seconds=self.wall_seconds)


def split(path: Path, line_count: int) -> Iterator[bytes]:
    """Pieces of `line_count` lines each; together they are the file.

    Raises:
        InvalidInput: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            while piece := b"".join(islice(file, line_count)):
                yield piece
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error


def read_texts(path: Path) -> list[str]:
    """The texts of a file of JSON lines; empty lines are skipped.

    Raises:
        InvalidInput: it cannot be read, or a line is not {"text": "..."} with a text in it.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error
    return [_text(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _text(path: Path, number: int, line: bytes) -> str:
    try:
        value = parse_json(line)
    except InvalidInput as error:
        raise InvalidInput(f"{path}, line {number}: {error}") from None
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise InvalidInput(f'{path}, line {number}: expected {{"text": "..."}}')
    return text


def _module(name: str) -> Path:
    path = Path(name)
    return path if path.suffix == ".wasm" or path.is_file() else program(name)


def _embeddings() -> ModuleType:
    # numpy and the tokenizer take a moment to import; only this recipe needs them.
    from requester.recipes.embeddings import job

    return job
