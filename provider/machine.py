"""What one slot of the daemon does next: pure. Events go in, commands come out.

A slot holds at most one lease. Every command is performed by somebody else, who answers with one
event; `Cancel` alone is answered by the end of the command that it cuts short. A slot that is
stopped takes no more events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from protocol.errors import IllegalMove
from protocol.units import Bytes32

FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
SHUTDOWN, PAUSED = "shutdown", "paused"


class Phase(StrEnum):
    """Where a slot stands."""

    RESTING = "RESTING"
    ASKING = "ASKING"
    FETCHING = "FETCHING"
    EXECUTING = "EXECUTING"
    REPORTING = "REPORTING"
    ABANDONING = "ABANDONING"
    RETURNING = "RETURNING"
    STOPPED = "STOPPED"


HOLDING = frozenset(
    {Phase.FETCHING, Phase.EXECUTING, Phase.REPORTING, Phase.ABANDONING, Phase.RETURNING}
)
BUSY = HOLDING | {Phase.ASKING}
MOVES: frozenset[tuple[Phase, Phase]] = frozenset(
    {
        (Phase.RESTING, Phase.ASKING),
        (Phase.RESTING, Phase.STOPPED),
        (Phase.ASKING, Phase.RESTING),
        (Phase.ASKING, Phase.FETCHING),
        (Phase.ASKING, Phase.RETURNING),  # granted just when work was no longer wanted
        (Phase.ASKING, Phase.STOPPED),
        (Phase.FETCHING, Phase.EXECUTING),
        (Phase.FETCHING, Phase.ABANDONING),
        (Phase.FETCHING, Phase.RETURNING),
        (Phase.EXECUTING, Phase.REPORTING),
        (Phase.EXECUTING, Phase.ABANDONING),
        (Phase.EXECUTING, Phase.RETURNING),
        (Phase.REPORTING, Phase.ABANDONING),
        (Phase.REPORTING, Phase.RETURNING),
        (Phase.REPORTING, Phase.ASKING),
        (Phase.REPORTING, Phase.RESTING),
        (Phase.REPORTING, Phase.STOPPED),
        (Phase.ABANDONING, Phase.RETURNING),
        (Phase.ABANDONING, Phase.ASKING),
        (Phase.ABANDONING, Phase.RESTING),
        (Phase.ABANDONING, Phase.STOPPED),
        (Phase.RETURNING, Phase.ASKING),
        (Phase.RETURNING, Phase.RESTING),
        (Phase.RETURNING, Phase.STOPPED),
    }
)


# Events.


@dataclass(frozen=True, slots=True)
class WorkAllowed:
    """The owner's policy lets the device work."""


@dataclass(frozen=True, slots=True)
class WorkForbidden:
    """It no longer does: what is held is given back."""

    reason: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The daemon is to end soon."""


@dataclass(frozen=True, slots=True)
class WaitOver:
    """The time of a `Wait` has passed."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The market granted a lease."""

    lease_id: Bytes32


@dataclass(frozen=True, slots=True)
class NothingGranted:
    """There was no work within the time of asking."""


@dataclass(frozen=True, slots=True)
class AskFailed:
    """The market did not answer, or refused."""


@dataclass(frozen=True, slots=True)
class Done:
    """The command in progress ended well."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The command in progress failed."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class LeaseWasLost:
    """The market says that the lease is no longer ours."""

    lease_id: Bytes32


Told = WorkAllowed | WorkForbidden | StopAsked | WaitOver | LeaseWasLost
Event = Told | Granted | NothingGranted | AskFailed | Done | Failed


# Commands.


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for a lease; answered by Granted, NothingGranted or AskFailed."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Answer WaitOver after this time; a later Wait replaces an earlier one."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Fetch:
    """Get code and inputs; answered by Done or Failed."""


@dataclass(frozen=True, slots=True)
class Execute:
    """Run the tasks; answered by Done or Failed."""


@dataclass(frozen=True, slots=True)
class Report:
    """Upload the outputs, sign and post the result; answered by Done or Failed."""


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Return the lease; answered by Done, even if the market does not answer: it expires."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cut the command in progress short."""


Command = Ask | Wait | Fetch | Execute | Report | GiveBack | Cancel


@dataclass(frozen=True, slots=True)
class State:
    """One slot. `give_back` is what to tell the market once the cancelled command has ended."""

    phase: Phase = Phase.RESTING
    is_allowed: bool = False
    is_stopping: bool = False
    lease_id: Bytes32 | None = None
    give_back: GiveBack | None = None
    failures: int = 0


Step = tuple[State, tuple[Command, ...]]


def step(state: State, event: Event) -> Step:
    """The state after `event`, and what to do now.

    Raises:
        IllegalMove: the event does not fit the state: the caller is wrong.
    """
    after, commands = _react(state, event)
    if after.phase != state.phase and (state.phase, after.phase) not in MOVES:
        raise IllegalMove(f"a slot cannot go from {state.phase} to {after.phase}")
    validate_state(after)
    return after, commands


def validate_state(state: State) -> None:
    """Check what holds in every state.

    Raises:
        IllegalMove: it does not.
    """
    if (state.phase in HOLDING) != (state.lease_id is not None):
        raise IllegalMove(f"{state.phase} with lease {state.lease_id!r}")
    if state.give_back is not None and state.phase is not Phase.ABANDONING:
        raise IllegalMove(f"{state.phase} cannot be about to give a lease back")
    if state.phase is Phase.STOPPED and not state.is_stopping:
        raise IllegalMove("stopped, though nobody asked for it")


def _react(state: State, event: Event) -> Step:
    if isinstance(event, Granted | NothingGranted | AskFailed):
        return _answered(state, event)
    if isinstance(event, Done | Failed):
        return _ended(state, event)
    return _told(state, event)


def _told(state: State, event: Told) -> Step:
    """React to what may come at any moment."""
    match event:
        case WorkAllowed():
            return _rested(replace(state, is_allowed=True), is_new=not state.is_allowed)
        case WorkForbidden(reason):
            return _unwanted(replace(state, is_allowed=False), PAUSED, reason)
        case StopAsked():
            return _stop(replace(state, is_stopping=True))
        case WaitOver():
            return _rested(state, is_new=True)
        case LeaseWasLost(lease_id):
            return _lost(state, lease_id)


def _rested(state: State, *, is_new: bool) -> Step:
    if state.phase is Phase.RESTING and is_new and state.is_allowed and not state.is_stopping:
        return replace(state, phase=Phase.ASKING), (Ask(),)
    return state, ()


def _unwanted(state: State, code: str, reason: str) -> Step:
    """Give back what is held; a result that is being handed in may finish."""
    if state.phase in (Phase.FETCHING, Phase.EXECUTING):
        give_back = GiveBack(code, reason)
        return replace(state, phase=Phase.ABANDONING, give_back=give_back), (Cancel(),)
    return state, ()


def _stop(state: State) -> Step:
    if state.phase is Phase.RESTING:
        return replace(state, phase=Phase.STOPPED), ()
    if state.phase is Phase.ASKING:
        # Nobody waits for the answer: a lease in it is given back, or expires by our silence.
        return replace(state, phase=Phase.STOPPED), ()
    return _unwanted(state, SHUTDOWN, "the device stops working")


def _lost(state: State, lease_id: Bytes32) -> Step:
    if state.lease_id != lease_id or state.phase is Phase.RETURNING:
        return state, ()
    if state.phase is Phase.ABANDONING:
        return replace(state, give_back=None), ()
    return replace(state, phase=Phase.ABANDONING), (Cancel(),)


def _answered(state: State, event: Granted | NothingGranted | AskFailed) -> Step:
    if state.phase is not Phase.ASKING:
        raise IllegalMove(f"an answer to no question, in {state.phase}")
    match event:
        case Granted(lease_id):
            held = replace(state, lease_id=lease_id)
            if not state.is_allowed:
                return replace(held, phase=Phase.RETURNING), (GiveBack(PAUSED, "not wanted now"),)
            return replace(held, phase=Phase.FETCHING), (Fetch(),)
        case NothingGranted():
            return _free(replace(state, failures=0))
        case AskFailed():
            return _free(replace(state, failures=state.failures + 1))


def _ended(state: State, event: Done | Failed) -> Step:
    if state.phase in (Phase.ABANDONING, Phase.RETURNING):
        return _let_go(state)
    if state.phase not in HOLDING:
        raise IllegalMove(f"nothing could end in {state.phase}")
    if isinstance(event, Failed):
        failed = replace(state, phase=Phase.RETURNING, failures=state.failures + 1)
        return failed, (GiveBack(event.code, event.detail),)
    if state.phase is Phase.FETCHING:
        return replace(state, phase=Phase.EXECUTING), (Execute(),)
    if state.phase is Phase.EXECUTING:
        return replace(state, phase=Phase.REPORTING), (Report(),)
    return _free(replace(state, failures=0))


def _let_go(state: State) -> Step:
    if state.give_back is not None:
        returning = replace(state, phase=Phase.RETURNING, give_back=None)
        return returning, (state.give_back,)
    return _free(state)


def _free(state: State) -> Step:
    """Hold nothing, and ask again at once, later, or never."""
    free = replace(state, lease_id=None, give_back=None)
    if state.is_stopping:
        return replace(free, phase=Phase.STOPPED), ()
    if not state.is_allowed:
        return replace(free, phase=Phase.RESTING), ()
    if state.failures:
        resting = replace(free, phase=Phase.RESTING)
        return resting, (Wait(wait_seconds(state.failures)),)
    if state.phase is Phase.ASKING:
        return free, (Ask(),)
    return replace(free, phase=Phase.ASKING), (Ask(),)


def wait_seconds(failures: int) -> float:
    """How long to rest after so many failures in a row."""
    doubled = FIRST_WAIT_SECONDS * 2.0 ** min(failures - 1, 10)
    return min(LONGEST_WAIT_SECONDS, doubled)
