"""`python -m deploy.demo`, as a newcomer sees it: played once to its end, and interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from numpy.typing import NDArray

from requester.recipes.embeddings.job import TEXTS_PER_TASK, embedding_draft, task_inputs
from requester.recipes.embeddings.reference import embed, load_weights
from requester.recipes.embeddings.tokenizer import load_tokenizer, model_files, tokenize
from tests.support.grinding import run_locally

pytestmark = pytest.mark.timeout(600)
ROOT = Path(__file__).parents[2]
PLAY_SECONDS = 420
STOP_SECONDS = 30
COMPARED_EVERY = 24
MARK = "FALLOW_TEST_MARK"


@dataclass(frozen=True)
class Play:
    """A demo that runs, or ran. Everything that it started carries `mark` in its environment."""

    process: subprocess.Popen[bytes]
    folder: Path
    mark: str

    def said(self) -> str:
        return (self.folder.parent / "stderr").read_text(errors="replace")

    def alive(self) -> list[str]:
        """The command lines of all processes of this demo that still run."""
        return [command for path in Path("/proc").glob("[0-9]*") if (command := self._of(path))]

    def _of(self, path: Path) -> str:
        try:
            if f"{MARK}={self.mark}".encode() not in (path / "environ").read_bytes():
                return ""
            is_zombie = (path / "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, IndexError):
            return ""
        return "" if is_zombie else command


@contextmanager
def demo(parent: Path) -> Iterator[Play]:
    folder, mark = parent / "demo", uuid4().hex
    command = [sys.executable, "-m", "deploy.demo", "--folder", str(folder)]
    environment = {**os.environ, MARK: mark}
    with (
        (parent / "stderr").open("wb") as stderr,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stderr=stderr, stdout=subprocess.DEVNULL
        ) as process,
    ):
        try:
            yield Play(process, folder, mark)
        finally:
            if process.poll() is None:
                process.kill()  # its children end with it


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """The demo, played to its end."""
    with demo(tmp_path_factory.mktemp("demo")) as played:
        code = played.process.wait(PLAY_SECONDS)
        assert code == 0, played.said()
        yield played


@pytest.fixture(scope="module")
def summary(play: Play) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((play.folder / "summary.json").read_text())
    return found


@pytest.fixture(scope="module")
def texts(play: Play) -> list[str]:
    lines = (play.folder / "paragraphs.jsonl").read_text().splitlines()
    return [json.loads(line)["text"] for line in lines]


@pytest.fixture(scope="module")
def vectors(play: Play) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.load(play.folder / "embeddings.npy")
    return found


def test_it_plays_to_its_end_and_leaves_nothing_behind(play: Play) -> None:
    assert play.alive() == []
    said = play.said()
    assert "✗" not in said
    assert said.count("?") >= 3  # the questions, each followed by what was found
    assert str(play.folder) in said.replace("\n", "")


def test_the_summary_tells_who_did_what(summary: dict[str, Any]) -> None:
    assert summary["tasks"] >= 40
    assert len(summary["providers"]) >= 4
    assert len(summary["verifiers"]) >= 5
    assert 0 < summary["audited_tasks"] < summary["tasks"]
    assert summary["audit_share"] == pytest.approx(
        summary["audited_tasks"] / summary["tasks"], 0.01
    )
    assert summary["audit_share"] < 0.5
    assert summary["conserved"] is True
    assert summary["wall_seconds"] > 0
    stages = summary["seconds_by_stage"]
    assert stages
    assert sum(stages.values()) <= summary["wall_seconds"] + 1


def test_only_the_cheater_was_slashed_and_it_earned_nothing(summary: dict[str, Any]) -> None:
    cheater = summary["providers"]["mallory"]
    assert summary["slashed"]
    for slash in summary["slashed"]:
        assert slash["provider"] == cheater
        assert 0 <= slash["task"] < summary["tasks"]
        assert int(slash["amount_wei"]) > 0
    assert cheater not in {payment["provider"] for payment in summary["paid"]}
    assert {p["provider"] for p in summary["paid"]} <= set(summary["providers"].values())
    assert sum(payment["tasks"] for payment in summary["paid"]) == summary["tasks"]
    assert all(int(payment["amount_wei"]) > 0 for payment in summary["paid"])
    assert int(summary["refunded_wei"]) > 0


def test_the_vectors_are_those_of_the_model(texts: list[str], vectors: NDArray[np.float32]) -> None:
    assert len(set(texts)) == len(texts) >= 400
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(texts), 384)
    assert np.abs(np.linalg.norm(vectors.astype(np.float64), axis=1) - 1).max() < 1e-5
    files = model_files()
    tokens = tokenize(load_tokenizer(files.tokenizer), texts[::COMPARED_EVERY])
    expected = embed(tokens, load_weights(files.weights))
    assert np.sum(expected * vectors[::COMPARED_EVERY], axis=1).min() >= 0.9999


def test_every_vector_is_bit_for_bit_what_the_program_computes_here(
    texts: list[str], vectors: NDArray[np.float32]
) -> None:
    draft, inputs = embedding_draft(), task_inputs(texts)
    halves = [inputs[0::2], inputs[1::2]]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda half: run_locally(draft, half), halves))
    for task in range(len(inputs)):
        outcome = outcomes[task % 2][task // 2]
        rows = vectors[task * TEXTS_PER_TASK : (task + 1) * TEXTS_PER_TASK]
        assert outcome.output == rows.tobytes(), f"task {task}"


@pytest.mark.parametrize("moment", ["starting a chain", "strangers' devices"])
def test_an_interrupt_ends_every_process(tmp_path: Path, moment: str) -> None:
    with demo(tmp_path) as playing:
        end = time.monotonic() + PLAY_SECONDS
        while moment not in playing.said():
            assert playing.process.poll() is None, playing.said()
            assert time.monotonic() < end, playing.said()
            time.sleep(0.05)
        assert playing.alive()
        playing.process.send_signal(signal.SIGINT)
        assert playing.process.wait(STOP_SECONDS) == 130
        # Those that were asked last may need a moment to be gone.
        end = time.monotonic() + STOP_SECONDS
        while playing.alive() and time.monotonic() < end:
            time.sleep(0.05)
        assert playing.alive() == []
