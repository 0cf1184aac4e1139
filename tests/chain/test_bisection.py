"""Whole games on real chains, between real executions of a real step module.

After every move the contract's game is compared with what `protocol.bisection` makes of it.
"""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from protocol import bisection
from protocol.audit import commitment
from protocol.bisection import Game, GameMove, GamePhase, Side, next_game_move, state_at
from protocol.chain import params
from protocol.chain.connection import connect
from protocol.chain.deploy import check_deployment, deploy
from protocol.chain.development import development_account
from protocol.dispute import DisputeStatus, Verdict
from protocol.errors import ChainRejected
from protocol.result import Outcome, open_task
from protocol.spec import Limits, Resources, Spec, WasmRuntime
from protocol.units import Bytes32, ContentId, content_id, to_hex
from provider.executors.base import LeaseWork, ignore_task_done
from provider.executors.wasm import WasmExecutor
from provider.executors.wasm_snapshot import Snapshot, digest_of, is_end
from provider.executors.wasm_steps import all_states, next_state, stretches
from tests.chain import stage
from tests.chain.conftest import SUPPLY_WEI, Market, mine
from tests.chain.stage import CHEAT, OPERATOR, VERIFIERS, VOTE_SALT, address
from tests.provider.executors.step_modules import FUEL, counting
from tests.support.chains import start_anvil, start_devchain

TIMES = params.development_games()
PARAMS = params.with_games(params.development(), TIMES)
CHALLENGER, APPELLANT = VERIFIERS[0], VERIFIERS[1]
TASK = 1


@pytest.fixture(params=["py-evm", "anvil"])
def market(request: pytest.FixtureRequest) -> Iterator[Market]:
    """A market whose arbiter knows games."""
    kind = request.param
    started = start_devchain(block_seconds=0) if kind == "py-evm" else start_anvil()
    with started as url:
        web3 = connect(url)
        made = deploy(web3, development_account(0), PARAMS, SUPPLY_WEI, games=TIMES)
        yield Market(web3, made)


@pytest.fixture
def work(tmp_path: Path) -> LeaseWork:
    """The contested task: a program of 100 steps."""
    code, seed = counting(steps=100), b"the seed"
    (tmp_path / "code").write_bytes(code)
    (tmp_path / "input").write_bytes(seed)
    spec = Spec(
        runtime=WasmRuntime(content_id(code)),
        resources=Resources(1000, 1 << 24, 0),
        limits=Limits(30, FUEL, 1 << 20),
        task_list=content_id(b"[]"),
    )
    inputs = [tmp_path / "input"]
    return LeaseWork(spec, [TASK], tmp_path / "code", inputs, [], tmp_path, threading.Event())


@dataclass(frozen=True)
class Played:
    """An execution as its side has it: states, the task's digest, and snapshots by content id."""

    states: tuple[Bytes32, ...]
    digest: Bytes32
    snapshots: Mapping[ContentId, bytes]


def executed(work: LeaseWork, wrong_after: int | None = None) -> Played:
    """Run the task. `wrong_after` such a state, one bit is changed, and all goes on from there."""
    found: list[bytes] = []
    for data in stretches(work):
        found.append(data)
        if len(found) - 1 == wrong_after:
            tampered = Snapshot.decode(data)
            values = (*tampered.global_values[:-1], tampered.global_values[-1] ^ 1)
            tampered = replace(tampered, global_values=values)
            found[-1] = tampered.encode()
            found += stretches(work, tampered)
            break
    assert is_end(found[-1])
    states = (bisection.START, *(digest_of(data) for data in found))
    return Played(states, Bytes32(found[-1][-32:]), {content_id(data): data for data in found})


@dataclass
class Court:
    """A dispute about the task, and the same game in Python."""

    market: Market
    dispute_id: int
    provider: Played
    expected: Game = field(default_factory=Game)
    rounds: int = 0

    @property
    def now(self) -> int:
        return self.market.contracts.block_timestamp()

    def offer(self) -> None:
        facts = self.market.contracts.dispute(self.dispute_id)
        digests = [self.provider.digest] * facts.count
        opening = open_task(facts.lease_id, facts.first_task, digests, stage.LEASE_SALT, facts.task)
        stretches_claimed = len(self.provider.states) - 1
        call = self.market.contracts.offer_game(self.dispute_id, stretches_claimed, opening)
        self.market.send(call, CHEAT)
        self._agree(bisection.offer(self.provider.digest, stretches_claimed, self.now, TIMES))

    def accept(self) -> None:
        self.market.send(self.market.contracts.accept_game(self.dispute_id), CHALLENGER)
        self._agree(bisection.accept(self.expected, self.now, TIMES))

    def tell(self) -> None:
        index = self.expected.middle
        state = state_at(self.provider.states, index)
        call = self.market.contracts.tell_state(self.dispute_id, index, state)
        self.market.send(call, CHEAT)
        self._agree(bisection.tell(self.expected, index, state, self.now, TIMES))

    def answer(self, is_same: bool) -> None:
        index = self.expected.middle
        call = self.market.contracts.answer_state(self.dispute_id, index, is_same)
        self.market.send(call, CHALLENGER)
        self._agree(bisection.answer(self.expected, index, is_same, self.now, TIMES))
        self.rounds += 1

    def play(self, challenger: Played) -> None:
        """Both sides move by `next_game_move`, until nobody is to."""
        self.offer()
        while (move := self._due()) is not None:
            if move is GameMove.ACCEPT:
                self.accept()
            elif move is GameMove.TELL:
                self.tell()
            else:
                assert move is GameMove.ANSWER
                self.answer(bisection.is_same_state(self.expected, challenger.states))

    def game(self) -> Game:
        return self.market.contracts.game(self.dispute_id)

    def judge(self, digest: Bytes32) -> None:
        """The committee that is called for now votes, all the same."""
        contracts = self.market.contracts
        facts = contracts.dispute(self.dispute_id)
        if self.now <= facts.opened_at + PARAMS.concede_seconds:
            stage.later(self.market, PARAMS.concede_seconds + 1)
        self.market.send(contracts.draw_committee(self.dispute_id), OPERATOR)
        mine(self.market.web3, PARAMS.seed_delay_blocks + 1)
        self.market.send(contracts.draw_committee(self.dispute_id), OPERATOR)
        drawn = contracts.committee(self.dispute_id).members
        members = [index for index in VERIFIERS if address(index) in drawn]
        assert CHALLENGER not in members
        for member in members:
            vote = commitment(address(member), digest, VOTE_SALT)
            self.market.send(contracts.commit_vote(self.dispute_id, vote), member)
        for member in members:
            self.market.send(contracts.reveal_vote(self.dispute_id, digest, VOTE_SALT), member)

    def resolve(self) -> None:
        self.market.send(self.market.contracts.resolve(self.dispute_id), OPERATOR)

    def verdict(self) -> tuple[DisputeStatus, Verdict]:
        facts = self.market.contracts.dispute(self.dispute_id)
        return facts.status, facts.verdict

    def _due(self) -> GameMove | None:
        sides = (Side.PROVIDER, Side.CHALLENGER)
        due = [next_game_move(self.expected, side, self.now, 0) for side in sides]
        return next((move for move in due if move is not None), None)

    def _agree(self, expected: Game) -> None:
        self.expected = expected
        assert self.game() == expected


def contest(market: Market, provider: Played) -> Court:
    """A dispute about a task whose committed digest is the provider's."""
    stage.enrol(market, CHEAT)
    job = stage.open_job(market)
    job_id = job.job_id(market.contracts.domain)
    lease = stage.do_lease(job_id, CHEAT, 0, provider.digest)
    batch = stage.commit(market, [job], (CHEAT, lease))
    dispute_id = stage.dispute(market, batch, 0, TASK, CHALLENGER)
    return Court(market, dispute_id, provider)


def test_a_wrong_stretch_is_found_in_log_rounds_and_judged_alone(
    market: Market, work: LeaseWork
) -> None:
    honest, wrong = executed(work), executed(work, wrong_after=17)
    assert honest.states == all_states(work)
    (outcome,) = WasmExecutor().run(work, ignore_task_done)
    assert outcome.digest == honest.digest != wrong.digest
    court = contest(market, wrong)
    court.play(honest)
    stretch_count = len(wrong.states) - 1
    assert stretch_count == 51
    assert court.rounds <= (stretch_count - 1).bit_length()
    game = court.game()
    assert (game.phase, game.low, game.high) == (GamePhase.NARROWED, 17, 18)
    # What a member needs is named by the chain, and any store of blobs has it by that name.
    name = ContentId(f"sha256:{game.low_state.hex()}")
    found = next_state(work, honest.snapshots[name])
    assert found == honest.states[18] != game.high_state
    court.judge(found)
    court.resolve()
    assert court.verdict() == (DisputeStatus.RESOLVED, Verdict.PROVIDER_LOST)
    assert market.contracts.dispute(court.dispute_id).ruled_digest == wrong.digest
    stage.require_every_wei(market)


def test_a_right_result_is_defended(market: Market, work: LeaseWork) -> None:
    honest, mistaken = executed(work), executed(work, wrong_after=4)
    court = contest(market, honest)
    court.play(mistaken)
    game = court.game()
    assert (game.low, game.high) == (4, 5)
    court.judge(next_state(work, honest.snapshots[ContentId(f"sha256:{game.low_state.hex()}")]))
    court.resolve()
    assert court.game().phase is GamePhase.WON
    with pytest.raises(ChainRejected, match="AppealPeriodRunning"):
        market.contracts.check(market.contracts.resolve(court.dispute_id), address(OPERATOR))
    stage.later(market, TIMES.appeal_seconds + 1)
    court.resolve()
    assert court.verdict() == (DisputeStatus.RESOLVED, Verdict.CHALLENGER_LOST)
    stage.require_every_wei(market)


def test_a_friend_that_plays_badly_does_not_save_a_wrong_result(
    market: Market, work: LeaseWork
) -> None:
    honest, wrong = executed(work), executed(work, wrong_after=2)
    court = contest(market, wrong)
    court.offer()
    court.accept()
    court.tell()
    stage.later(market, TIMES.clock_seconds + 1)
    assert next_game_move(court.expected, None, court.now, 0) is GameMove.RESOLVE
    court.resolve()
    contracts = market.contracts
    seats = contracts.seats()
    (seat_id,) = (i for i, seat in enumerate(seats) if seat.holder == address(APPELLANT))
    market.send(contracts.appeal(court.dispute_id, seat_id), APPELLANT)
    assert court.game().phase is GamePhase.FULL
    court.judge(honest.digest)
    court.resolve()
    assert court.verdict() == (DisputeStatus.RESOLVED, Verdict.PROVIDER_LOST)
    assert contracts.seat_stake(seat_id) == PARAMS.seat_stake_wei
    stage.require_every_wei(market)


def test_a_failed_execution_is_contested_like_any_other(market: Market, work: LeaseWork) -> None:
    short = replace(work, spec=replace(work.spec, limits=replace(work.spec.limits, fuel=150_000)))
    honest = executed(short)
    assert honest.digest == Outcome(failure="fuel_exhausted").digest
    claimed = replace(executed(work), snapshots={})
    court = contest(market, claimed)
    court.play(honest)
    game = court.game()
    assert game.low == len(honest.states) - 2
    court.judge(next_state(short, honest.snapshots[ContentId(f"sha256:{game.low_state.hex()}")]))
    court.resolve()
    assert court.verdict() == (DisputeStatus.RESOLVED, Verdict.PROVIDER_LOST)


@pytest.mark.parametrize("seed", [1, 2])
def test_both_sides_clocks_are_the_same_in_python(market: Market, seed: int) -> None:
    """Made-up states, answers and times to think."""
    chance = random.Random(seed)
    told = [Bytes32(chance.randbytes(32)) for _ in range(chance.randrange(900))]
    provider = Played((bisection.START, *told, bisection.ended(stage.WRONG)), stage.WRONG, {})
    court = contest(market, provider)
    court.offer()
    court.accept()
    while court.expected.to_move is not None:
        if chance.random() < 0.5:
            left = court.expected.move_by - court.now
            stage.later(market, chance.randrange(max(1, left - 1)))
        if court.expected.to_move is Side.PROVIDER:
            court.tell()
        else:
            court.answer(chance.random() < 0.5)
    assert court.game().phase is GamePhase.NARROWED
    assert court.rounds == pytest.approx(math.log2(len(provider.states) - 1), abs=1)


def test_a_market_without_games_says_so(own_anvil: Market) -> None:
    assert own_anvil.contracts.game_times is None


def test_a_deployment_is_held_against_its_times(market: Market) -> None:
    assert market.contracts.game_times == TIMES
    check_deployment(market.web3, market.deployment, PARAMS, games=TIMES)
    other = replace(TIMES, clock_seconds=TIMES.clock_seconds + 1)
    with pytest.raises(ChainRejected, match="arbiter's times"):
        check_deployment(market.web3, market.deployment, PARAMS, games=other)
    assert to_hex(bytes(market.contracts.game(1).low_state)) == "0x" + "00" * 32
