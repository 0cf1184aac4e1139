"""Plays the games about this device's results (`protocol.bisection`), where the arbiter knows them.

A game spares the committee most of the work, and a provider that is right loses nothing by it.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from protocol.bisection import (
    Game,
    GameMove,
    GamePhase,
    Side,
    ended,
    next_game_move,
    state_at,
)
from protocol.chain.contracts import Call, Contracts
from protocol.errors import FallowError
from protocol.spec import WasmRuntime
from protocol.units import Bytes32
from provider.execution import Device, single_task
from provider.executors.wasm_steps import NoStepModule, all_states, snapshot_at
from provider.ledger import Record

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GameCall:
    """A transaction, and a name under which it is sent once."""

    name: str
    call: Call


class Games:
    """What to do next about a result that is defended. One thread asks."""

    def __init__(self, device: Device, contracts: Contracts, ending: threading.Event) -> None:
        self._device = device
        self._contracts = contracts
        self._ending = ending
        self._states: dict[int, tuple[Bytes32, ...] | None] = {}
        self._unpublished: dict[int, bytes] = {}
        self._published: set[int] = set()

    def next_call(self, dispute_id: int, record: Record, task: int) -> GameCall | None:
        """The transaction that is due in a dispute's game; None: nothing.

        Raises:
            FallowError: this device cannot tell now.
        """
        if self._contracts.game_times is None:
            return None
        game, now = self._contracts.game(dispute_id), self._contracts.block_timestamp()
        if game.phase is GamePhase.NARROWED:
            self._publish(dispute_id, game, record, task)
        move = next_game_move(game, Side.PROVIDER, now, self._offer_by(dispute_id))
        if move is GameMove.RESOLVE:
            name = f"end:{dispute_id}:{game.phase}:{game.move_by}"
            return GameCall(name, self._contracts.resolve(dispute_id))
        states = self._states_of(dispute_id, record, task) if move else None
        if states is None:
            return None
        if move is GameMove.OFFER:
            offer = self._contracts.offer_game(dispute_id, len(states) - 1, record.opening(task))
            return GameCall(f"offer:{dispute_id}", offer)
        state = state_at(states, game.middle)
        told = self._contracts.tell_state(dispute_id, game.middle, state)
        return GameCall(f"tell:{dispute_id}:{game.middle}", told)

    def forget(self, dispute_id: int) -> None:
        """The dispute is over."""
        self._states.pop(dispute_id, None)
        self._unpublished.pop(dispute_id, None)
        self._published.discard(dispute_id)

    def _offer_by(self, dispute_id: int) -> int:
        opened_at = self._contracts.dispute(dispute_id).opened_at
        return opened_at + self._contracts.params().concede_seconds

    def _states_of(self, dispute_id: int, record: Record, task: int) -> tuple[Bytes32, ...] | None:
        """The states of our execution; None: it has none, or they do not lead to our result."""
        if dispute_id not in self._states:
            self._states[dispute_id] = self._executed(record, task)
        return self._states[dispute_id]

    def _executed(self, record: Record, task: int) -> tuple[Bytes32, ...] | None:
        if not isinstance(record.spec.runtime, WasmRuntime):
            return None
        try:
            with single_task(self._device, record, task, self._ending) as work:
                states = all_states(work)
        except NoStepModule:
            return None
        return states if states[-1] == ended(record.digest_of(task)) else None

    def _publish(self, dispute_id: int, game: Game, record: Record, task: int) -> None:
        """Give the market the state that the committee starts from: it cannot be told otherwise."""
        if dispute_id in self._published or game.low == 0:
            return
        if dispute_id not in self._unpublished:
            with single_task(self._device, record, task, self._ending) as work:
                self._unpublished[dispute_id] = snapshot_at(work, game.low)
        try:
            self._device.market.put_blob(self._unpublished[dispute_id])
        except FallowError as error:
            _log.warning("dispute %d: its state is not published: %s", dispute_id, error.message)
            return
        self._published.add(dispute_id)
        del self._unpublished[dispute_id]
