"""Verifiers at games: they challenge by their own execution, judge one stretch, and appeal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from protocol.bisection import START, Game, GamePhase, GameTimes, ended, state_at
from protocol.chain.development import development_account
from protocol.dispute import Verdict
from protocol.pricing import bond_wei
from protocol.spec import Limits, Resources, Spec, WasmRuntime
from protocol.units import WEI_PER_CREDIT, Bytes32, content_id
from provider.executors.base import LeaseWork
from provider.executors.wasm_snapshot import Snapshot, digest_of, is_end
from provider.executors.wasm_steps import all_states, stretches
from tests.provider.executors.step_modules import counting
from tests.verifier import world as verifier_world
from tests.verifier.conftest import VERIFIERS, Team
from tests.verifier.lying_market import LyingMarket, serve
from tests.verifier.world import PRICE_WEI, PROVIDER, QUICK, Committed, World

TIMES = GameTimes(accept_seconds=15, clock_seconds=12, extension_seconds=3, appeal_seconds=15)
A, B, C, D = VERIFIERS
FRIEND = development_account(9)
TASK, WRONG_AFTER = 1, 7
SECONDS = 90
pytestmark = pytest.mark.timeout(240)


@dataclass
class StepWorld(World):
    """A market whose arbiter knows games, and whose jobs are executed in steps."""

    games: GameTimes | None = field(default=TIMES)

    def _spec(self, tasks: int) -> Spec:
        module = counting(steps=60)
        return replace(
            super()._spec(tasks),
            runtime=WasmRuntime(self._blob(module)),
            resources=Resources(1000, 1 << 24, 0),
            limits=Limits(wall_seconds=30, fuel=10**7, output_bytes=1 << 16),
        )


@dataclass(frozen=True)
class Execution:
    """A task's: its states, its digest, and the snapshots of its states."""

    states: tuple[Bytes32, ...]
    digest: Bytes32
    snapshots: tuple[bytes, ...]


def executed(world: World, folder: Path, task: int, wrong_at: int | None = None) -> Execution:
    """Run a task; of state `wrong_at` one bit is wrong, and all goes on from there."""
    folder.mkdir(exist_ok=True)
    spec = world.spec
    names = [*spec.blobs, content_id(world.task_input(task))]
    files = [folder / name.removeprefix("sha256:") for name in names]
    for name, file in zip(names, files, strict=True):
        file.write_bytes(world.blobs[name])
    work = LeaseWork(spec, [task], files[0], files[-1:], files[1:-1], folder, threading.Event())
    found = list(stretches(work))
    assert all_states(work)[1:] == tuple(digest_of(data) for data in found)
    if wrong_at is not None:
        right = Snapshot.decode(found[wrong_at - 1])
        values = (*right.global_values[:-1], right.global_values[-1] ^ 1)
        wrong = replace(right, global_values=values)
        found = [*found[: wrong_at - 1], wrong.encode(), *stretches(work, wrong)]
    assert is_end(found[-1])
    states = (START, *(digest_of(data) for data in found))
    return Execution(states, Bytes32(found[-1][-32:]), tuple(found))


@pytest.fixture
def market(rpc_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[LyingMarket]:
    """Concede windows are long enough for a script that offers a game."""
    monkeypatch.setattr(verifier_world, "QUICK", replace(QUICK, concede_seconds=6))
    made = StepWorld(rpc_url)
    made.fund(PROVIDER, WEI_PER_CREDIT // 2)
    made.send(PROVIDER, made.contracts.stake(WEI_PER_CREDIT // 2))
    with serve(LyingMarket(made)) as served:
        yield served


@pytest.fixture
def team(market: LyingMarket, tmp_path: Path) -> Iterator[Team]:
    with ExitStack() as stack:
        yield Team(market, tmp_path / "team", stack)


@dataclass
class Cheater:
    """A provider that defends a wrong result for as long as it can."""

    world: World
    folder: Path

    def __post_init__(self) -> None:
        self.own = executed(self.world, self.folder, TASK, WRONG_AFTER)
        others = [executed(self.world, self.folder, task) for task in (0, 2)]
        digests = [others[0].digest, self.own.digest, others[1].digest]
        self.made: Committed = self.world.commit(self.world.open_job(), 0, digests)

    def offer(self, dispute_id: int) -> None:
        """A game about the execution that led to the wrong result."""
        opening, stretch_count = self.made.opening(TASK), len(self.own.states) - 1
        call = self.world.contracts.offer_game(dispute_id, stretch_count, opening)
        self.world.send(PROVIDER, call)

    def play(self, dispute_id: int) -> Game:
        """Tell every state that is asked for, until one stretch is left."""
        game = self._await_turn(dispute_id)
        while game.phase is GamePhase.TELLING:
            self.tell(dispute_id)
            game = self._await_turn(dispute_id)
        return game

    def tell(self, dispute_id: int) -> None:
        """Tell the state that is asked for now."""
        middle = self.world.contracts.game(dispute_id).middle
        state = state_at(self.own.states, middle)
        self.world.send(PROVIDER, self.world.contracts.tell_state(dispute_id, middle, state))

    def _await_turn(self, dispute_id: int) -> Game:
        def is_mine() -> bool:
            return self.world.contracts.game(dispute_id).phase in (
                GamePhase.TELLING,
                GamePhase.NARROWED,
            )

        self.world.wait_until(is_mine, SECONDS, "the challenger's move")
        return self.world.contracts.game(dispute_id)


@pytest.mark.parametrize("is_published", [True, False])
def test_verifiers_find_the_wrong_stretch_and_judge_it_alone(
    market: LyingMarket, team: Team, tmp_path: Path, is_published: bool
) -> None:
    world = market.world
    honest = executed(world, tmp_path / "honest", TASK)
    if is_published:
        world.blobs |= {content_id(data): data for data in honest.snapshots}
    team.enroll(A, B, C, D)
    cheater = Cheater(world, tmp_path / "cheater")
    team.start(A, B, C, D)
    opened = world.await_event("DisputeOpened")
    assert opened.args["task"] == TASK
    dispute_id = opened.args["dispute_id"]
    cheater.offer(dispute_id)
    game = cheater.play(dispute_id)
    assert (game.low, game.high) == (WRONG_AFTER - 1, WRONG_AFTER)
    resolved = world.await_event("DisputeResolved", timeout_seconds=SECONDS)
    assert resolved.args["verdict"] == Verdict.PROVIDER_LOST
    votes = world.events("VoteRevealed")
    assert {vote.args["task_digest"] for vote in votes} == {honest.states[WRONG_AFTER]}
    assert len(votes) == 3
    assert len(world.events("CommitteeDrawn")) == 1
    assert not world.events("SeatSlashed")
    assert world.contracts.dispute(dispute_id).ruled_digest == cheater.own.digest


def test_a_friend_that_plays_badly_is_appealed(
    market: LyingMarket, team: Team, tmp_path: Path
) -> None:
    """A stranger contests before those who were drawn, accepts, and lets its clock run out."""
    world = market.world
    honest = executed(world, tmp_path / "honest", TASK)
    team.enroll(A, B, C, D)
    world.fund(FRIEND, bond_wei(PRICE_WEI, PRICE_WEI, QUICK.dispute_bond_wei))
    cheater = Cheater(world, tmp_path / "cheater")
    world.send(FRIEND, world.contracts.open_dispute(cheater.made.batch, 0, TASK))
    dispute_id = world.await_event("DisputeOpened").args["dispute_id"]
    cheater.offer(dispute_id)
    world.send(FRIEND, world.contracts.accept_game(dispute_id))
    cheater.tell(dispute_id)
    team.start(A, B, C, D)
    appealed = world.await_event("Appealed", timeout_seconds=SECONDS)
    assert appealed.args["dispute_id"] == dispute_id
    resolved = world.await_event("DisputeResolved", timeout_seconds=SECONDS)
    assert resolved.args["verdict"] == Verdict.PROVIDER_LOST
    votes = world.events("VoteRevealed")
    assert {vote.args["task_digest"] for vote in votes} == {honest.digest}
    assert appealed.args["appellant"] not in {vote.args["member"] for vote in votes}
    assert ended(honest.digest) == honest.states[-1]
    assert not world.events("SeatSlashed")
