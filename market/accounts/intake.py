"""Whether the chain takes new money now: its guardian may keep it out for a while."""

from __future__ import annotations

from protocol.chain.contracts import Contracts
from protocol.errors import IntakePaused


class Intake:
    """Asked before anything is accepted that brings money in."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts

    def require_open(self) -> None:
        """Refuse while intake is paused.

        Raises:
            IntakePaused: it is; the message says until when.
            ChainUnavailable: the chain does not answer.
        """
        until = int(self._contracts.ask("Market", "intakePause"))
        if until and self._contracts.block_timestamp() < until:
            raise IntakePaused(
                f"no new money is taken until {until} (Unix seconds); what is inside can still"
                " leave: try again then"
            )
