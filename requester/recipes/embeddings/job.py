"""Sentence embeddings as a job: texts in, one unit vector each out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from protocol.errors import ExecutionFailed, InvalidInput
from protocol.spec import Limits, Resources
from requester.draft import WasmDraft
from requester.handle import OnView, Until
from requester.plan import Plan, Terms
from requester.programs import program
from requester.recipes.embeddings.codec import HIDDEN, decode_embeddings, encode_task
from requester.recipes.embeddings.tokenizer import load_tokenizer, model_files, tokenize
from requester.recipes.embeddings.weights import pack_weights
from requester.requester import Requester
from requester.results import TaskOutcome

TEXTS_PER_TASK = 10
# One core and room for the program, its half of the weights and the longest task.
RESOURCES = Resources(cpu_millis=1000, memory_bytes=256 << 20, disk_bytes=128 << 20)
# A full paragraph of 128 tokens takes about 1.5e9 instructions.
FUEL_PER_TEXT = 4 * 10**9
FUEL_AT_START = 10**9


def plan_embeddings(
    requester: Requester,
    texts: Sequence[str],
    texts_per_task: int = TEXTS_PER_TASK,
    terms: Terms | None = None,
    idempotency_key: str | None = None,
) -> Plan:
    """What embedding `texts`, `texts_per_task` in one task, would cost.

    Texts are cut at 128 tokens; the providers see token ids, not the texts.

    Raises:
        InvalidInput: no texts; also if the model's package is not installed.
    """
    inputs = task_inputs(texts, texts_per_task)
    return requester.plan(embedding_draft(texts_per_task), inputs, terms, idempotency_key)


def embed_texts(
    requester: Requester,
    texts: Sequence[str],
    budget_wei: int,
    texts_per_task: int = TEXTS_PER_TASK,
    terms: Terms | None = None,
    on_view: OnView | None = None,
    until: Until = Until.RESULTS,
) -> NDArray[np.float32]:
    """float32[len(texts), 384], rows of length 1, computed by a market's providers.

    Raises:
        InsufficientFunds: it may cost more than `budget_wei`, or than the balance holds.
        ExecutionFailed: a task's program failed.
    """
    plan = plan_embeddings(requester, texts, texts_per_task, terms)
    handle = requester.post(plan, budget_wei)
    handle.wait(on_view, until)
    return collect(handle.results(), len(texts), texts_per_task)


def collect(
    results: Iterable[TaskOutcome], text_count: int, texts_per_task: int
) -> NDArray[np.float32]:
    """Put the tasks' outputs together: float32[text_count, 384].

    Raises:
        ExecutionFailed: a task's program failed, or gave another number of vectors.
    """
    vectors = np.empty((text_count, HIDDEN), dtype=np.float32)
    for result in results:
        first = result.task * texts_per_task
        count = min(texts_per_task, text_count - first)
        if result.outcome.failure is not None:
            raise ExecutionFailed(f"task {result.task} failed: {result.outcome.failure}")
        try:
            vectors[first : first + count] = decode_embeddings(result.outcome.output, count)
        except ValueError as error:
            raise ExecutionFailed(f"task {result.task}: {error}") from error
    return vectors


def embedding_draft(texts_per_task: int = TEXTS_PER_TASK, wall_seconds: int = 60) -> WasmDraft:
    """The program, its weights and its limits."""
    return WasmDraft(
        module=program("minilm"),
        shared=(packed_weights(),),
        resources=RESOURCES,
        limits=Limits(
            wall_seconds=wall_seconds,
            fuel=FUEL_AT_START + texts_per_task * FUEL_PER_TEXT,
            output_bytes=texts_per_task * HIDDEN * 4,
        ),
        label="embeddings",
    )


def task_inputs(texts: Sequence[str], texts_per_task: int = TEXTS_PER_TASK) -> list[bytes]:
    """One task file for each `texts_per_task` texts.

    Raises:
        InvalidInput: no texts, or the model's package is not installed.
    """
    if not texts or texts_per_task < 1:
        raise InvalidInput("embeddings need at least one text, and one text a task")
    tokens = tokenize(load_tokenizer(_model_file("tokenizer")), texts)
    return [
        encode_task(tokens[first : first + texts_per_task])
        for first in range(0, len(tokens), texts_per_task)
    ]


def packed_weights(folder: Path | None = None) -> Path:
    """The weights as the program takes them, packed once and kept in the cache.

    Raises:
        InvalidInput: the model's package is not installed.
    """
    source = _model_file("weights")
    folder = folder or cache_folder()
    stat = source.stat()
    path = folder / f"minilm-v1-{stat.st_size}-{stat.st_mtime_ns}.weights"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(pack_weights(source))
        Path(file.name).replace(path)
    return path


def cache_folder() -> Path:
    """Where things are kept that can be made again."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "fallow"


def _model_file(name: str) -> Path:
    try:
        files = model_files()
    except FileNotFoundError as error:
        raise InvalidInput(f"the model is missing: {error}") from error
    return files.tokenizer if name == "tokenizer" else files.weights
