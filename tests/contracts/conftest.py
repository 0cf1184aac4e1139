"""Brownie as an operator starts it: a process in contracts/, in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from protocol.chain.development import development_account
from protocol.client.keys import write_key
from tests.support.chains import ROOT

CONTRACTS = ROOT / "contracts"
RUN_SECONDS = 100


@dataclass(frozen=True)
class Brownie:
    """`tools/brownie` with an operator's settings."""

    settings: dict[str, str]

    def start(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run it to its end, `typed` being what somebody types meanwhile."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FALLOW_")}
        return subprocess.run(
            ["tools/brownie", *arguments],
            cwd=CONTRACTS,
            env=kept | self.settings,
            input=typed,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )

    def table(self, script: str, *arguments: str) -> str:
        """What a script prints for a person."""
        done = self.start("run", script, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, script: str, *arguments: str) -> dict[str, Any]:
        """What a script prints for a program."""
        done = self.start("run", script, *arguments, "--json")
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def refusal(self, script: str, *arguments: str) -> str:
        """The one line that a script ends with when it cannot do it."""
        done = self.start("run", script, *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert "File " not in done.stderr  # of a traceback
        return done.stderr.splitlines()[-1]


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The deployer's key: the one that development chains endow."""
    path = tmp_path_factory.mktemp("keys") / "operator.key"
    write_key(path, development_account(0))
    return path
