"""The table of docs/simulation.md that says which test plays a strategy: whole, and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from verifier.simulation.strategies.catalogue import STRATEGIES

HERE = Path(__file__).parent
GUIDE = HERE.parents[1] / "docs" / "simulation.md"
PLAYS = HERE / "test_providers.py"


def rows() -> list[tuple[list[str], str]]:
    """The names in each row's first column, and its second column."""
    section = GUIDE.read_text().split("## Played for real\n")[1].split("\n## ")[0]
    cells = [line.strip("|").split(" | ") for line in section.splitlines() if line[:2] == "| "]
    return [(re.findall(r"`([^`]+)`", names), tests) for names, tests in cells[2:]]


def test_every_strategy_is_in_the_table_once() -> None:
    named = [name for names, _ in rows() for name in names]
    assert sorted(named) == sorted(strategy.name for strategy in STRATEGIES)


def test_every_row_names_tests_that_are_there() -> None:
    for names, tests in rows():
        found = re.findall(r"`(test_\w+\.py)::(test_\w+)`", tests)
        assert found or "the same, as" in tests, names
        for file, test in found:
            assert f"def {test}(" in (HERE / file).read_text()


@pytest.mark.parametrize("text", ["each by its name", "the same, as"])
def test_what_is_played_by_name_is_among_the_plays(text: str) -> None:
    """A row that names no test of its own names a play of the one above."""
    for names, tests in rows():
        if text in tests:
            plays = names if text == "each by its name" else re.findall(r"as `([^`]+)`", tests)
            assert plays
            for play in plays:
                assert f'    "{play}": ' in PLAYS.read_text()
