"""A verifier's part in games (`protocol.bisection`): it challenges, ends clocks, and appeals.

Committees are casework as ever, whether they judge a stretch or a whole task.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from protocol.bisection import (
    Game,
    GameMove,
    GamePhase,
    Side,
    is_same_state,
    next_game_move,
)
from protocol.chain.contracts import Contracts
from protocol.chain.view import Case
from protocol.client.wire import AuditRequest
from protocol.errors import FallowError
from protocol.units import Address, Bytes32
from provider.executors.wasm_steps import NoStepModule
from verifier.casework import Clock, Move, patience_seconds
from verifier.crew import Duty
from verifier.disputes import Disputant
from verifier.draws import AuditKey
from verifier.enrolment import held_seats
from verifier.execution import Rerun
from verifier.journal import Journal

MAX_EXECUTIONS = 64
_PLAYED = (GamePhase.TELLING, GamePhase.ANSWERING, GamePhase.WON)
_log = logging.getLogger(__name__)


class GameDesk:
    """What to do about the games of open cases. One thread asks; duties run beside it."""

    def __init__(
        self,
        contracts: Contracts,
        disputant: Disputant,
        rerun: Rerun,
        journal: Journal,
        me: Address,
    ) -> None:
        self._contracts = contracts
        self._disputant = disputant
        self._rerun = rerun
        self._journal = journal
        self._me = me
        self._states: dict[int, tuple[Bytes32, ...] | None] = {}

    def game_of(self, case: Case) -> Game:
        """The case's game; none was offered where the arbiter knows none.

        Raises:
            ChainUnavailable: the endpoint does not answer.
        """
        if self._contracts.game_times is None:
            return Game()
        return self._contracts.game(case.dispute_id)

    def is_at_play(self, case: Case, game: Game, clock: Clock) -> bool:
        """Whether no committee is due now."""
        if case.is_moot:
            return False
        is_offered = game.phase is GamePhase.OFFERED and not game.is_late(clock.now_seconds)
        return is_offered or game.phase in _PLAYED

    def duty(self, case: Case, game: Game, clock: Clock) -> Duty | None:
        """What I should do about a game that is at play; None: wait."""
        side = Side.CHALLENGER if case.challenger == self._me else None
        move = next_game_move(game, side, clock.now_seconds, 0)
        perform: Callable[[], None] | None = None
        if move is GameMove.RESOLVE:
            patience = patience_seconds(case, self._me, Move.RESOLVE)
            if clock.now_seconds > game.move_by + patience:
                perform = self._ending(case, game)
        elif move is not None:
            perform = self._moving(case, game, move)
        elif game.phase is GamePhase.WON and self._knows_better(case):
            perform = self._appealing(case)
        key = ("game", case.dispute_id, game.phase, game.middle)
        return Duty(key, (0, game.move_by), perform) if perform else None

    def _ending(self, case: Case, game: Game) -> Callable[[], None]:
        name = f"end:{case.dispute_id}:{game.phase}:{game.move_by}"
        return lambda: self._disputant.send(name, self._contracts.resolve(case.dispute_id))

    def _moving(self, case: Case, game: Game, move: GameMove) -> Callable[[], None]:
        def perform() -> None:
            states, number = self._states_of(case), case.dispute_id
            if states is None:
                return
            if move is GameMove.ANSWER:
                call = self._contracts.answer_state(
                    number, game.middle, is_same_state(game, states)
                )
                self._disputant.send(f"answer:{number}:{game.middle}", call)
            elif states[-1] != game.high_state:
                self._disputant.send(f"accept:{number}", self._contracts.accept_game(number))

        return perform

    def _states_of(self, case: Case) -> tuple[Bytes32, ...] | None:
        """The states of my execution; None: the program has none.

        Raises:
            FallowError: this device cannot tell now.
        """
        if case.dispute_id not in self._states:
            job = self._journal.job(case.lease.job_id)
            if job is None:
                raise FallowError("the job of the dispute is not known")
            lease_id = case.lease.lease_id
            request = AuditRequest(batch_id=case.batch_id, lease_id=lease_id, task=case.task)
            try:
                self._states[case.dispute_id] = self._rerun.states(request, job)
            except NoStepModule:
                self._states[case.dispute_id] = None
            if len(self._states) > MAX_EXECUTIONS:
                del self._states[next(iter(self._states))]
        return self._states[case.dispute_id]

    def _knows_better(self, case: Case) -> bool:
        """Whether I have found another digest than the one that a game let stand.

        Its own challenger has had its say, and may be wrong: no reason to stake a seat as well.
        """
        audit = self._journal.audit(AuditKey(case.batch_id, case.lease.lease_id, case.task))
        digest = audit.digest if audit else None
        return digest not in (None, case.claim) and case.challenger != self._me

    def _appealing(self, case: Case) -> Callable[[], None]:
        def perform() -> None:
            seats = held_seats(self._contracts, self._me)
            if seats:
                call = self._contracts.appeal(case.dispute_id, seats[0])
                self._disputant.send(f"appeal:{case.dispute_id}", call)
                _log.warning("dispute %d: a wrong result stands; I appeal", case.dispute_id)

        return perform
