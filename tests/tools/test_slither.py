"""What `make slither` makes of Slither's report and contracts/slither.toml."""

from __future__ import annotations

import tomllib
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any

import pytest

from tests.support.chains import ROOT

TOOL = ROOT / "contracts" / "tools" / "slither"


@pytest.fixture(scope="module")
def tool() -> Any:
    """The tool as a module: a program's name has no suffix."""
    loader = SourceFileLoader("slither_tool", str(TOOL))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


CONTRACT = {"type": "contract", "name": "Vault"}
FUNCTION = {"type": "function", "name": "pay", "type_specific_fields": {"parent": CONTRACT}}
LOCAL = {"type": "variable", "name": "sum", "type_specific_fields": {"parent": FUNCTION}}
REPORT = {
    "results": {
        "detectors": [
            {"check": "reentrancy-eth", "elements": [FUNCTION, LOCAL]},
            {"check": "uninitialized-local", "elements": [LOCAL]},
        ]
    }
}


def explain(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


def accepted(check: str, place: str, reason: str = "It is so.") -> str:
    return f'[[accepted]]\ncheck = "{check}"\nwhere = ["{place}"]\nreason = "{reason}"\n'


ALL = accepted("reentrancy-eth", "Vault.pay") + accepted("uninitialized-local", "Vault.pay.sum")


def test_a_report_whose_every_finding_is_explained_passes(tool: Any) -> None:
    assert tool.differences(tool.findings(REPORT), explain(ALL)) == []


def test_a_finding_that_nobody_explained_fails(tool: Any) -> None:
    only = accepted("uninitialized-local", "Vault.pay.sum")
    wrong = tool.differences(tool.findings(REPORT), explain(only))
    assert wrong == ["unexplained: reentrancy-eth in Vault.pay"]


def test_an_explanation_counts_for_its_check_and_place_alone(tool: Any) -> None:
    elsewhere = accepted("reentrancy-eth", "Vault.take")
    wrong = tool.differences(tool.findings(REPORT), explain(ALL + elsewhere))
    assert wrong == ["explained, but not found: reentrancy-eth in Vault.take"]


def test_an_excluded_check_is_not_asked_but_has_to_be_there(tool: Any) -> None:
    excluded = '[[excluded]]\ncheck = "{}"\nreason = "Style."\n'
    only = accepted("reentrancy-eth", "Vault.pay") + excluded.format("uninitialized-local")
    assert tool.differences(tool.findings(REPORT), explain(only)) == []
    wrong = tool.differences(tool.findings(REPORT), explain(only + excluded.format("naming")))
    assert wrong == ["excluded, but not found: naming"]


def test_an_explanation_has_to_say_why(tool: Any) -> None:
    silent = accepted("reentrancy-eth", "Vault.pay", " ") + accepted(
        "uninitialized-local", "Vault.pay.sum"
    )
    wrong = tool.differences(tool.findings(REPORT), explain(silent))
    assert wrong == ["no reason given: reentrancy-eth"]


def test_a_report_without_findings_fails_every_explanation(tool: Any) -> None:
    wrong = tool.differences(tool.findings({"results": {}}), explain(ALL))
    assert len(wrong) == 2
