"""`fallow simulate` as people and scripts use it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from requester.cli import run

SMALL = ["simulate", "--trials", "3", "--tasks", "400", "--providers", "20"]


def test_json_is_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SMALL, "--strategy", "sybil-5", "--json"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert [outcome["name"] for outcome in report["outcomes"]] == ["sybil-5"]
    assert report["census"] is None
    assert "sybil-5" in err


def test_a_table_and_charts_for_people(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run([*SMALL, "--plots", str(tmp_path / "plots")]) == 0
    out = capsys.readouterr().out
    assert "withheld-inputs" in out
    assert "known limit" in out
    assert "audit overhead, established" in out
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    assert names == {"gains.svg", "audit-rate.svg", "detection.svg"}
    for path in (tmp_path / "plots").iterdir():
        assert ElementTree.parse(path).getroot().tag.endswith("svg")


def test_a_failed_claim_has_its_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--strategy", "lazy-verifier", "--trials", "20", "--without", "equivocation"]
    assert run(["simulate", *arguments]) == 9
    out, err = capsys.readouterr()
    assert "GAINS" in out
    assert "does not hold: no strategy has a positive expected gain" in err


def test_a_name_that_is_not_there_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SMALL, "--strategy", "bribe"]) == 2
    assert "no strategy bribe" in capsys.readouterr().err
