"""The embeddings recipe: the files that go out, what comes back, and what it is good for."""

from __future__ import annotations

import numpy as np
import pytest
import wasmtime

from protocol.errors import ExecutionFailed, InvalidInput
from protocol.result import Outcome
from protocol.units import WEI_PER_CREDIT, Bytes32
from requester.programs import program, program_names
from requester.recipes.embeddings.codec import HIDDEN
from requester.recipes.embeddings.job import (
    collect,
    embed_texts,
    embedding_draft,
    packed_weights,
    task_inputs,
)
from requester.recipes.embeddings.reference import embed, load_weights
from requester.recipes.embeddings.search import SemanticIndex
from requester.recipes.embeddings.tokenizer import load_tokenizer, model_files, tokenize
from requester.requester import Requester
from requester.results import TaskOutcome
from tests.requester.job_market import JobMarket

TEXTS = [
    "Cats sleep for most of the day.",
    "The stock market fell sharply on Monday.",
    "Open a temporary file that is deleted when it is closed.",
]


def result(task: int, outcome: Outcome) -> TaskOutcome:
    return TaskOutcome(task, outcome, Bytes32(outcome.digest))


def test_texts_become_tasks() -> None:
    inputs = task_inputs(TEXTS, 2)
    assert [int.from_bytes(data[8:12], "little") for data in inputs] == [2, 1]
    for texts, size in (([], 1), (TEXTS, 0)):
        with pytest.raises(InvalidInput):
            task_inputs(texts, size)


def test_outputs_become_rows() -> None:
    rows = np.arange(3 * HIDDEN, dtype="<f4").reshape(3, HIDDEN)
    results = [result(1, Outcome(rows[2:].tobytes())), result(0, Outcome(rows[:2].tobytes()))]
    np.testing.assert_array_equal(collect(results, 3, 2), rows)


@pytest.mark.parametrize("outcome", [Outcome(failure="trap"), Outcome(b"short")])
def test_a_failed_task_is_named(outcome: Outcome) -> None:
    with pytest.raises(ExecutionFailed, match="task 0"):
        collect([result(0, outcome)], 1, 1)


def test_the_draft_names_the_program_and_the_weights() -> None:
    draft = embedding_draft(10)
    assert draft.module == program("minilm")
    assert draft.limits.output_bytes == 10 * HIDDEN * 4
    assert packed_weights() == draft.shared[0]
    wasmtime.Module.from_file(wasmtime.Engine(), str(draft.module))


def test_programs() -> None:
    assert {"minilm", "noop", "textstats"} <= set(program_names())


def test_embed_and_search(requester: Requester, market: JobMarket) -> None:
    tokens = tokenize(load_tokenizer(model_files().tokenizer), TEXTS)
    vectors = embed(tokens, load_weights(model_files().weights))
    answers = {
        data: Outcome(vectors[index : index + 1].astype("<f4").tobytes())
        for index, data in enumerate(task_inputs(TEXTS, 1))
    }
    market.run = answers.__getitem__
    found = embed_texts(requester, TEXTS, 2 * WEI_PER_CREDIT, texts_per_task=1)
    np.testing.assert_array_equal(found, vectors)
    hits = SemanticIndex(TEXTS, found).search("How do I make a file that removes itself?", 2)
    assert hits[0].text == TEXTS[2]
    assert 1 >= hits[0].cosine > hits[1].cosine
