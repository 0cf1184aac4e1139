"""What a device does about games: it offers what led to its result, and tells what it ran."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from protocol import bisection
from protocol.bisection import Game, GamePhase, GameTimes, ended
from protocol.chain.calls import Call, Calls
from protocol.chain.facts import Deployment
from protocol.errors import MarketUnavailable
from protocol.lease import Lease
from protocol.result import Outcome
from protocol.spec import Limits, Resources, Spec, WasmRuntime
from protocol.units import ZERO_ADDRESS, Bytes32, ContentId, content_id
from provider.execution import Device, execute_once, single_task
from provider.executors.wasm_snapshot import digest_of
from provider.executors.wasm_steps import all_states
from provider.games import GameCall, Games
from provider.ledger import Record
from tests.protocol.make_vectors import word
from tests.provider.executors.step_modules import counting
from tests.provider.test_execution import NOOP, made_device

TIMES = GameTimes(accept_seconds=10, clock_seconds=40, extension_seconds=5, appeal_seconds=30)
NOW, NUMBER, TASK = 1_800_000_000, 7, 3
NOBODY = ZERO_ADDRESS
STEPS, INPUT = counting(steps=60), b"the task's input"


class Chain(Calls):
    """The chain as the test says it is."""

    def __init__(self, times: GameTimes | None = TIMES) -> None:
        super().__init__(Deployment(1, NOBODY, NOBODY, NOBODY, NOBODY, 1))
        self.game_times = times
        self.standing = Game()
        self.now = NOW

    def game(self, _: int) -> Game:
        return self.standing

    def block_timestamp(self) -> int:
        return self.now

    def dispute(self, _: int) -> SimpleNamespace:
        return SimpleNamespace(opened_at=NOW - 5)

    def params(self) -> SimpleNamespace:
        return SimpleNamespace(concede_seconds=10)


@dataclass
class Shelf:
    """A market that takes blobs, unless it is away."""

    is_away: bool = False
    blobs: dict[ContentId, bytes] = field(default_factory=dict)

    def put_blob(self, data: bytes) -> ContentId:
        if self.is_away:
            raise MarketUnavailable
        self.blobs[content_id(data)] = data
        return content_id(data)


@dataclass
class Desk:
    """A device with one result, and the games that it plays about it."""

    device: Device
    record: Record
    chain: Chain
    games: Games

    @property
    def states(self) -> tuple[Bytes32, ...]:
        with single_task(self.device, self.record, TASK, threading.Event()) as work:
            return all_states(work)

    def due(self) -> Call | None:
        found: GameCall | None = self.games.next_call(NUMBER, self.record, TASK)
        return found.call if found else None


def desk(folder: Path, code: bytes = STEPS, claimed: Outcome | None = None) -> Desk:
    spec = Spec(
        runtime=WasmRuntime(content_id(code)),
        resources=Resources(1000, 1 << 24, 0),
        limits=Limits(30, 10**7, 1 << 16),
        task_list=content_id(b"[]"),
    )
    blobs = {content_id(blob): blob for blob in (code, INPUT)}
    device = replace(made_device(folder, blobs), market=Shelf())  # type: ignore[arg-type]
    lease = Lease(word("job"), device.wallet, device.wallet, TASK, 1, 10**18, 1)
    digest = (claimed or Outcome(b"wrong")).digest
    record = Record(lease, spec, (content_id(INPUT),), word("salt"), (digest,))
    chain = Chain()
    made = Desk(device, record, chain, Games(device, chain, threading.Event()))  # type: ignore[arg-type]
    if claimed is None and code is STEPS:
        made.record = replace(record, digests=(right_digest(made),))
    return made


def right_digest(made: Desk) -> Bytes32:
    return execute_once(made.device, made.record, TASK, threading.Event()).digest


def test_it_offers_the_execution_that_led_to_its_result(tmp_path: Path) -> None:
    made = desk(tmp_path)
    opening = made.record.opening(TASK)
    assert made.states[-1] == ended(opening.digest)
    assert made.due() == made.chain.offer_game(NUMBER, len(made.states) - 1, opening)
    made.chain.now = NOW + 6  # the concede window is over
    assert made.due() is None


def test_it_offers_nothing_that_does_not_lead_to_its_result(tmp_path: Path) -> None:
    """What another committee member would find out as well."""
    assert desk(tmp_path, claimed=Outcome(b"wrong")).due() is None


def test_a_program_without_steps_has_no_game(tmp_path: Path) -> None:
    assert desk(tmp_path, NOOP, Outcome(INPUT)).due() is None


def test_where_the_arbiter_knows_no_games_nothing_is_asked(tmp_path: Path) -> None:
    made = desk(tmp_path)
    made.chain.game_times = None
    assert made.due() is None


def test_it_tells_what_it_ran_and_ends_what_is_over(tmp_path: Path) -> None:
    made = desk(tmp_path)
    states = made.states
    offered = bisection.offer(made.record.digest_of(TASK), len(states) - 1, NOW, TIMES)
    made.chain.standing = offered
    assert made.due() is None
    made.chain.standing = game = bisection.accept(offered, NOW, TIMES)
    told = made.chain.tell_state(NUMBER, game.middle, states[game.middle])
    assert made.due() == told
    game = bisection.tell(game, game.middle, states[game.middle], NOW, TIMES)
    made.chain.standing = game
    assert made.due() is None
    made.chain.now = game.move_by + 1
    assert made.due() == made.chain.resolve(NUMBER)


@pytest.mark.parametrize("low", [0, 4])
def test_it_gives_the_market_the_state_that_the_committee_starts_from(
    tmp_path: Path, low: int
) -> None:
    made = desk(tmp_path)
    market = made.device.market
    assert isinstance(market, Shelf)
    state = made.states[low]
    made.chain.standing = Game(GamePhase.NARROWED, 9, low, low + 1, low_state=state)
    market.is_away = True
    assert made.due() is None
    assert market.blobs == {}
    market.is_away = False
    assert made.due() is None
    assert [digest_of(data) for data in market.blobs.values()] == ([state] if low else [])
    market.blobs.clear()
    made.due()
    assert market.blobs == {}  # once is enough
