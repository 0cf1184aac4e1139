"""What the options of `fallow job run` mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from protocol.errors import InvalidInput
from requester.actions.work import Order, Recipe, read_texts, split
from requester.draft import ContainerDraft, WasmDraft

NOTHING: dict[str, Any] = {
    "recipe": None,
    "texts": None,
    "texts_per_task": 10,
    "program": None,
    "image": None,
    "command": (),
    "input_files": (),
    "split_lines": None,
    "shared": (),
    "label": "",
    "wall_seconds": 5,
    "memory_mib": 64,
}
FILE = Path(__file__)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"program": "noop"},
        {"program": "noop", "image": FILE, "input_files": (FILE,)},
        {"program": "noop", "input_files": (FILE,), "command": ("x",)},
        {"program": "noop", "input_files": (FILE,), "texts": FILE},
        {"image": FILE, "input_files": (FILE,)},
        {"recipe": Recipe.EMBEDDINGS},
        {"recipe": Recipe.EMBEDDINGS, "texts": FILE, "input_files": (FILE,)},
    ],
)
def test_what_does_not_fit_together(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        Order(**NOTHING | given)


def test_a_cpu_class() -> None:
    given = {"program": "noop", "input_files": (FILE,), "cpu_class": "x86-64-v3"}
    assert Order(**NOTHING | given).draft().resources.cpu_class == "x86-64-v3"


def test_a_program() -> None:
    order = Order(**NOTHING | {"program": "noop", "input_files": (FILE,), "shared": (FILE,)})
    draft = order.draft()
    assert isinstance(draft, WasmDraft)
    assert draft.limits.wall_seconds == 5
    assert draft.resources.memory_bytes == 64 << 20
    assert (draft.label, draft.shared) == ("noop", (FILE,))
    assert order.inputs() == (FILE,)


def test_an_image() -> None:
    given = {"image": FILE, "command": ("python", "x.py"), "input_files": (FILE,), "label": "y"}
    draft = Order(**NOTHING | given).draft()
    assert isinstance(draft, ContainerDraft)
    assert draft.limits.fuel == 0
    assert (draft.command, draft.label) == (("python", "x.py"), "y")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a\nb\nc\n", ["a\nb\n", "c\n"]),
        ("a\nb", ["a\nb"]),
        ("a\r\nb\r\nc", ["a\r\nb\r\n", "c"]),
        ("", []),
    ],
)
def test_split(tmp_path: Path, text: str, parts: list[str]) -> None:
    path = tmp_path / "x"
    path.write_bytes(text.encode())
    assert list(split(path, 2)) == [part.encode() for part in parts]


def test_texts(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text('{"text": "one"}\n\n{"text": "zwei\\u2028ü", "other": 1}\n')
    assert read_texts(path) == ["one", "zwei\u2028ü"]


@pytest.mark.parametrize("line", ["x", "[]", '{"text": 1}', '{"text": " "}', '{"t": "x"}'])
def test_lines_that_are_no_texts(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x"
    path.write_text('{"text": "one"}\n' + line)
    with pytest.raises(InvalidInput, match="line 2"):
        read_texts(path)
    with pytest.raises(InvalidInput, match="cannot read"):
        read_texts(tmp_path / "nowhere")
