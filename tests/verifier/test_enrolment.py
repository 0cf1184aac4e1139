"""Taking seats and giving them up, on a real chain, through the commands."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from protocol.errors import InsufficientFunds, MarketUnavailable
from protocol.units import WEI_PER_CREDIT, Address
from tests.support.chains import free_port
from tests.verifier.conftest import VERIFIERS, Team
from tests.verifier.lying_market import LyingMarket
from tests.verifier.world import QUICK
from verifier.commands import app
from verifier.enrolment import RESERVED_BONDS, enroll, held_seats, missing_wei

A = VERIFIERS[0]
ME = Address(A.address)


def test_enrolling_takes_seats_and_keeps_bonds(market: LyingMarket, team: Team) -> None:
    team.enroll(A, seats=2)
    contracts = market.world.contracts
    assert len(held_seats(contracts, ME)) == 2
    assert contracts.account(ME).balance_wei == RESERVED_BONDS * QUICK.dispute_bond_wei
    assert missing_wei(contracts, ME, 2) == 0
    with team.service(A) as service:
        assert enroll(service.contracts, service.sender, 2) == 2
        assert contracts.seat_count() == 2


def test_without_credits_it_says_how_many_are_missing(market: LyingMarket, team: Team) -> None:
    world = market.world
    world.give(A, 119 * WEI_PER_CREDIT)
    with team.service(A) as service, pytest.raises(InsufficientFunds, match="need 120 credits"):
        enroll(service.contracts, service.sender, 1)
    assert world.contracts.seat_count() == 0
    assert world.contracts.token_balance(ME) == 119 * WEI_PER_CREDIT


def _run(market: LyingMarket, root: Path, *arguments: str) -> dict[str, Any]:
    options = ["--market", market.url, "--state", str(root / "state"), "--json"]
    key = ["--key-file", str(root / "wallet.key")]
    result = CliRunner().invoke(app, [*arguments, *options, *key], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_the_commands_enroll_show_and_leave(market: LyingMarket, tmp_path: Path) -> None:
    world = market.world
    before = _run(market, tmp_path, "status")
    assert (before["seats"], before["balance_wei"], before["audits"]) == (0, "0", {})
    assert stat.S_IMODE((tmp_path / "wallet.key").stat().st_mode) == 0o600
    me = Address(before["verifier"])
    world.give_to(me, 220 * WEI_PER_CREDIT)
    assert _run(market, tmp_path, "enroll", "--seats", "2") == {"verifier": me, "seats": 2}
    assert _run(market, tmp_path, "status")["seats"] == 2
    assert _run(market, tmp_path, "leave") == {"verifier": me, "seats_left": 2}
    assert held_seats(world.contracts, me) == []


def test_a_market_that_is_not_there(tmp_path: Path) -> None:
    arguments = ["status", "--market", f"http://127.0.0.1:{free_port()}"]
    files = ["--state", str(tmp_path), "--key-file", str(tmp_path / "key")]
    result = CliRunner().invoke(app, [*arguments, *files])
    assert isinstance(result.exception, MarketUnavailable)


@pytest.mark.parametrize("command", ["start", "enroll", "status", "leave"])
def test_every_command_has_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert f"fallow verifier {command}" in result.stdout
