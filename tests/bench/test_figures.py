"""The figures: what a ratio means, and what is written."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from bench.figures import Figure, read_figures, table_of, write_figures

KEYS = {"name", "value", "unit", "higher_is_better", "peer", "peer_value", "ratio"}


@pytest.mark.parametrize(
    ("value", "peer_value", "higher_is_better", "ratio"),
    [
        (300.0, 100.0, True, 3.0),
        (100.0, 300.0, True, 1 / 3),
        (2.0, 8.0, False, 4.0),
        (8.0, 2.0, False, 0.25),
        (5.0, 5.0, True, 1.0),
        (5.0, 0.0, True, None),
        (0.0, 5.0, False, None),
        (5.0, None, True, None),
    ],
)
def test_a_ratio_says_how_many_times_better(
    value: float, peer_value: float | None, higher_is_better: bool, ratio: float | None
) -> None:
    assert Figure("a", value, "s", higher_is_better, "peer", peer_value).ratio == ratio


def test_the_file_is_a_list_with_exactly_the_promised_keys(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "results.json"
    write_figures([Figure("a: b", 1234.5678, "tasks/s", True, "peer", 617.2839)], file)
    rows = json.loads(file.read_text())
    assert [set(row) for row in rows] == [KEYS]
    assert rows[0] == {
        "name": "a: b",
        "value": 1235.0,
        "unit": "tasks/s",
        "higher_is_better": True,
        "peer": "peer",
        "peer_value": 617.3,
        "ratio": 2.0,
    }


def test_without_a_peer_nothing_is_compared(tmp_path: Path) -> None:
    write_figures([Figure("a", 1.0, "s", False)], tmp_path / "results.json")
    row = json.loads((tmp_path / "results.json").read_text())[0]
    assert (row["peer"], row["peer_value"], row["ratio"]) == (None, None, None)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    figures = [Figure("a", 1.0, "s", False), Figure("b", 2.0, "s", True, "peer", 4.0)]
    assert read_figures(tmp_path / "none.json") == []
    write_figures(figures, tmp_path / "results.json")
    assert read_figures(tmp_path / "results.json") == figures


def test_the_table_shows_every_figure() -> None:
    console = Console(width=120, record=True, file=None, quiet=False, stderr=True)
    figures = [Figure("fast", 3000.0, "tasks/s", True, "slow one", 1500.0)]
    with console.capture() as capture:
        console.print(table_of(figures))
    for text in ("fast", "3,000 tasks/s", "1,500", "slow one", "2"):
        assert text in capture.get()
