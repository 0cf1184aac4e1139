"""A figure: what was measured, beside its peer, and how many times better it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One line of `results.json`. `peer` is None where there is nothing fair to compare with."""

    name: str
    value: float
    unit: str
    higher_is_better: bool
    peer: str | None = None
    peer_value: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer, above 1 when Fallow is ahead; None without a peer.

        value / peer_value where more is better, peer_value / value where less is.
        """
        if self.peer_value is None:
            return None
        better, worse = self.value, self.peer_value
        if not self.higher_is_better:
            better, worse = worse, better
        return better / worse if worse else None

    def to_json(self) -> dict[str, Any]:
        """As JSON values, numbers to four significant digits."""
        return {
            "name": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "higher_is_better": self.higher_is_better,
            "peer": self.peer,
            "peer_value": _rounded(self.peer_value),
            "ratio": _rounded(self.ratio),
        }


def read_figures(path: Path) -> list[Figure]:
    """The figures that were written last; none at first."""
    if not path.is_file():
        return []
    rows = json.loads(path.read_text())
    return [Figure(**{key: row[key] for key in row if key != "ratio"}) for row in rows]


def write_figures(figures: Sequence[Figure], path: Path) -> None:
    """Write all figures, replacing those of the last time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps([figure.to_json() for figure in figures], indent=2) + "\n")
    part.replace(path)


def table_of(figures: Sequence[Figure]) -> Table:
    """The figures for people; green where Fallow is ahead of its peer, red where it is behind."""
    table = Table(title="Measured", title_justify="left", box=SIMPLE_HEAD, expand=True)
    table.add_column("what", ratio=3)
    table.add_column("Fallow", justify="right")
    table.add_column("peer", justify="right")
    table.add_column("", ratio=2)
    table.add_column("times better", justify="right")
    for figure in figures:
        peer_value = "" if figure.peer_value is None else _text(figure.peer_value)
        value = f"{_text(figure.value)} {figure.unit}"
        ratio = _ratio_text(figure.ratio)
        table.add_row(figure.name, value, peer_value, figure.peer or "", ratio)
    return table


def _ratio_text(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"[{'green' if ratio >= 1 else 'red'}]{_text(ratio)}[/]"


def _text(value: float) -> str:
    rounded = _rounded(value)
    return f"{rounded:,.0f}" if abs(value) >= 1000 else f"{rounded:g}"


def _rounded(value: float | None) -> float | None:
    """Four significant digits: no measurement here has more."""
    return None if value is None else float(f"{value:.4g}")
