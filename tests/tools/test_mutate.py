"""The mutation tool on a small contract: a weak suite lets a mutant live, a strong one kills it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.chains import ROOT

CONTRACTS = ROOT / "contracts"
SOURCE = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

contract Gate {
    uint256 public passed;
    error TooYoung();

    function pass(uint256 age) external {
        // An age >= 18 is enough.
        if (age < 18) revert TooYoung();
        passed += 1;
    }
}
"""
TEST = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Gate} from "../src/Gate.sol";

contract GateTest {
    function test_Pass() external {
        Gate gate = new Gate();
        gate.pass(40);
        require(gate.passed() == 1);
        try gate.pass(17) { revert("let in"); } catch {}
        AT_THE_BOUNDARY
    }
}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A Foundry project with one contract."""
    folder = tmp_path / "gate"
    for name in ("src", "test"):
        (folder / name).mkdir(parents=True)
    (folder / "node_modules").symlink_to(CONTRACTS / "node_modules")
    (folder / "tools").mkdir()
    (folder / "tools" / "solc").symlink_to(CONTRACTS / "tools" / "solc")
    settings = {"solc": "tools/solc", "evm_version": "cancun", "bytecode_hash": "none"}
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (folder / "foundry.toml").write_text("\n".join(["[profile.default]", *lines]))
    (folder / "src" / "Gate.sol").write_text(SOURCE)
    return folder


def write_test(project: Path, boundary: str) -> None:
    (project / "test" / "Gate.t.sol").write_text(TEST.replace("AT_THE_BOUNDARY", boundary))


def mutate(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    work = str(project.parent / "work")
    where = ["--project", str(project), "--files", "src/", "--work", work]
    return subprocess.run(
        [CONTRACTS / "tools" / "mutate", *where, *arguments],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def outcomes(project: Path) -> dict[str, str]:
    """What became of each mutant, by its replacement."""
    report = project.parent / "work" / "results.json"
    mutants: dict[str, dict[str, Any]] = json.loads(report.read_text())["mutants"]
    return {one["after"]: one["outcome"] for one in mutants.values()}


def test_a_weak_suite_lets_a_mutant_live_that_a_strong_one_kills(project: Path) -> None:
    write_test(project, "")
    weak = mutate(project, "--only", "Gate.sol:10")
    assert weak.returncode == 1, weak.stderr
    # At 17 and 40 the two other bounds look alike.
    expected = {"<=": "survived", "19": "survived", "17": "killed", ">=": "killed"}
    assert outcomes(project) == {**expected, "false": "killed"}

    write_test(project, "gate.pass(18);")
    again = mutate(project, "--only", "Gate.sol:10", "--again")
    assert again.returncode == 0, again.stderr
    assert outcomes(project) == {**dict.fromkeys(expected, "killed"), "false": "killed"}
    # What was killed stays killed: only the survivors were tried again.
    assert again.stdout.count("/5  ") == 2


def explain(project: Path, *mutants: str) -> None:
    code = "if (age < 18) revert TooYoung();"
    said = [{"file": "src/Gate.sol", "code": code, "mutant": one, "why": "..."} for one in mutants]
    (project / "mutation.json").write_text(json.dumps(said))


def test_a_survivor_that_is_explained_is_no_failure(project: Path) -> None:
    write_test(project, "")
    explain(project, "if (age < 19) revert TooYoung();")
    half = mutate(project, "--only", "Gate.sol:10")
    assert half.returncode == 1, half.stderr
    # The other one is left, and named last.
    assert half.stdout.splitlines()[-1].split() == ["survived", "src/Gate.sol:10", "<", "->", "<="]

    explain(project, "if (age < 19) revert TooYoung();", "if (age <= 18) revert TooYoung();")
    whole = mutate(project, "--only", "Gate.sol:10")
    assert whole.returncode == 0, whole.stderr
    assert outcomes(project)["19"] == "survived"

    explain(project, "if (age < 20) revert TooYoung();")
    stale = mutate(project, "--only", "Gate.sol:10")
    assert stale.returncode == 2
    assert "explains what is no mutant: src/Gate.sol: if (age < 20)" in stale.stderr


def test_a_seed_draws_the_same_sample_and_comments_are_left_alone(project: Path) -> None:
    write_test(project, "")
    drawn = [mutate(project, "--list", "--sample", "3", "--seed", seed).stdout for seed in "112"]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0].count("\n") == 3
    assert ":9 " not in mutate(project, "--list").stdout


def test_a_suite_that_fails_by_itself_is_no_judge(project: Path) -> None:
    write_test(project, "gate.pass(3);")
    refused = mutate(project)
    assert refused.returncode == 2
    assert "the tests fail without any mutant: test_Pass" in refused.stderr
