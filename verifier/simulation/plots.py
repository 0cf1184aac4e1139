"""Three small SVG charts of a report; a plotting library would weigh more than they do."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from protocol.pricing import audit_rate_ppm
from protocol.units import PPM
from verifier.simulation.claims import MOST_CHEATED
from verifier.simulation.simulation import Report
from verifier.simulation.strategies.providers import ONE_IN_TWENTY
from verifier.simulation.trials import Outcome

WIDTH, LEFT, RIGHT, TOP, ROW = 760, 190, 24, 44, 20
CHART_HEIGHT = 320
LEAST_GAIN, MOST_GAIN = -1.0, 1.0


def write_plots(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write the charts into a folder; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    charts = {"gains.svg": gains(report.outcomes), "audit-rate.svg": audit_rate()}
    caught = next((o for o in report.outcomes if o.name == ONE_IN_TWENTY), None)
    if caught is not None and caught.caught_after:
        charts["detection.svg"] = detection(caught)
    for name, text in charts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tuple(folder / name for name in charts)


def gains(outcomes: Sequence[Outcome]) -> str:
    """The mean gain of a wrong act, with its 99 % bounds; what is beyond the edges is cut."""
    height = TOP + ROW * len(outcomes) + 36
    zero = _across(0)
    parts = [_line(zero, TOP - 6, zero, height - 30, "axis")]
    for number, outcome in enumerate(outcomes):
        y = TOP + ROW * number + ROW / 2
        style = "limit" if outcome.known_limit else "bad" if outcome.is_profitable else "good"
        low, high = _across(outcome.gain_per_cheat_low), _across(outcome.gain_per_cheat_high)
        parts.append(_text(LEFT - 8, y + 4, outcome.name, "end"))
        parts.append(_line(low, y, max(high, low + 2), y, f"{style} bounds"))
        parts.append(
            f'<circle cx="{_across(outcome.gain_per_cheat):.1f}" cy="{y}" r="4" class="{style}"/>'
        )
    marks = (-1.0, -0.5, 0.0, 0.5, 1.0)
    parts += [_text(_across(gain), height - 14, f"{gain:+.1f}", "middle") for gain in marks]
    title = "Gain of one wrong act against honest work, in prices of a task (99 % bounds)"
    return _svg(height, title, parts)


def detection(outcome: Outcome) -> str:
    """The share of cheaters caught after so many cheated tasks."""
    most = 1.2 * MOST_CHEATED
    shares = {after: number for number, after in enumerate(outcome.caught_after, start=1)}
    inside = [(after / most, n / outcome.trials) for after, n in shares.items() if after <= most]
    points = [(0.0, 0.0), *inside]
    parts = [_curve(points), *_frame([(v / most, str(v)) for v in range(0, 301, 50)])]
    limit = LEFT + (WIDTH - LEFT - RIGHT) * MOST_CHEATED / most
    parts.append(_line(limit, TOP, limit, TOP + CHART_HEIGHT, "limit"))
    return _svg(TOP + CHART_HEIGHT + 40, "Share of cheaters caught, by cheated tasks", parts)


def audit_rate() -> str:
    """The expected audits of a task by its provider's stake, in prices; the curve ends at 180 %."""
    price_wei, most = 1000, 100
    points = [
        (stake / most, audit_rate_ppm(price_wei, stake * price_wei) / PPM / 2)
        for stake in range(most + 1)
    ]
    marks = [(stake / most, str(stake)) for stake in range(0, most + 1, 20)]
    parts = [_curve(points), *_frame(marks, top=2)]
    return _svg(TOP + CHART_HEIGHT + 40, "Audits of a task, by stake in prices of a task", parts)


def _frame(marks: Sequence[tuple[float, str]], top: int = 1) -> list[str]:
    bottom = TOP + CHART_HEIGHT
    parts = [
        _line(LEFT, bottom, WIDTH - RIGHT, bottom, "axis"),
        _line(LEFT, TOP, LEFT, bottom, "axis"),
    ]
    parts += [
        _text(LEFT + (WIDTH - LEFT - RIGHT) * x, bottom + 18, name, "middle") for x, name in marks
    ]
    for share in (0.0, 0.5, 1.0):
        label = f"{share * top:.0%}"
        parts.append(_text(LEFT - 8, bottom - CHART_HEIGHT * share + 4, label, "end"))
    return parts


def _curve(points: Sequence[tuple[float, float]]) -> str:
    across, bottom = WIDTH - LEFT - RIGHT, TOP + CHART_HEIGHT
    path = " ".join(f"{LEFT + across * x:.1f},{bottom - CHART_HEIGHT * y:.1f}" for x, y in points)
    return f'<polyline points="{path}" class="curve"/>'


def _across(gain: float) -> float:
    inside = min(max(gain, LEAST_GAIN), MOST_GAIN)
    return LEFT + (WIDTH - LEFT - RIGHT) * (inside - LEAST_GAIN) / (MOST_GAIN - LEAST_GAIN)


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


_STYLE = """
text { font: 12px sans-serif; fill: #333 } line, polyline { fill: none; stroke-width: 1.5 }
.axis { stroke: #999 } .bounds { stroke-width: 3; opacity: .5 }
.curve { stroke: #2a6f4e; stroke-width: 2 }
.good { stroke: #2a6f4e; fill: #2a6f4e } .bad { stroke: #b3261e; fill: #b3261e }
.limit { stroke: #b26a00; fill: #b26a00 }
"""


def _svg(height: float, title: str, parts: Sequence[str]) -> str:
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f'<rect width="100%" height="100%" fill="#fff"/>\n'
        f"{_text(16, 24, title, 'start')}\n{body}\n</svg>\n"
    )
