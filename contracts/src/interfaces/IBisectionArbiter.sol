// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Game, GameTimes} from "../types/Game.sol";
import {ICommitteeArbiter} from "./ICommitteeArbiter.sol";

/// @notice A committee's arbiter whose parties may first narrow the dispute down. An execution is a
/// chain of states: nothing, then one after each stretch, at last the end with the task's digest. The
/// provider claims how many there are; the two halve what they do not agree on until one
/// stretch is left, and a committee re-runs that alone.
///
/// Both must want it: else, and where the game leads to nothing, the committee re-runs the whole task.
/// Nobody but its challenger plays against a provider, and that may be its friend. So a game
/// that the provider wins can be appealed by whoever holds a seat, which answers for it.
///
/// Assumptions: those of the committee; and where a challenger plays badly, one holder of a
/// seat looks at the digest that was claimed.
interface IBisectionArbiter {
    /// @notice The provider tells its claim, and of how many stretches its execution has.
    event GameOffered(
        uint256 indexed disputeId, uint16 stretches, bytes32 taskDigest, uint40 acceptBy
    );
    event GameAccepted(uint256 indexed disputeId, uint40 moveBy);
    event StateTold(uint256 indexed disputeId, uint16 index, bytes32 state, uint40 moveBy);
    event StateAnswered(uint256 indexed disputeId, uint16 index, bool isSame, uint40 moveBy);
    /// @notice The stretch from state `low` to state `low + 1` is left. `highState` is the
    /// provider's; the committee votes on what follows from `lowState`.
    event GameNarrowed(uint256 indexed disputeId, uint16 low, bytes32 lowState, bytes32 highState);
    /// @notice The provider has won, unless somebody appeals by `appealBy`.
    event GameWon(uint256 indexed disputeId, uint40 appealBy);
    event Appealed(uint256 indexed disputeId, address indexed appellant, uint32 seatId);
    /// @notice The stretch's committee found nothing: one re-runs the whole task.
    event GameEscalated(uint256 indexed disputeId);

    /// @dev The stages of a game need more time than a stake stays: at most `mostSeconds`.
    error GameTooLong(uint256 longestSeconds, uint256 mostSeconds);
    /// @dev A clock or a period of no length.
    error EmptyPeriod();
    error NotAParty(address party, address caller);
    /// @dev The game does not stand where this move belongs.
    error NotNow(uint256 disputeId);
    /// @dev From 1 to `MAX_STRETCHES`.
    error NoSuchGame(uint256 stretches);
    error OfferPeriodOver(uint256 disputeId, uint256 offerBy);
    /// @dev The challenger may still accept until `acceptBy`.
    error AcceptPeriodRunning(uint256 disputeId, uint256 acceptBy);
    error ClockRunOut(uint256 disputeId, uint256 moveBy);
    /// @dev Whoever is to move has time until `moveBy`.
    error ClockRunning(uint256 disputeId, uint256 moveBy);
    /// @dev The state that is asked for is `expected`.
    error WrongState(uint256 disputeId, uint256 expected);
    /// @dev A state after the start is never zero.
    error EmptyState();
    /// @dev A committee is not drawn before the game has come to one.
    error GameRunning(uint256 disputeId);
    /// @dev Anyone with a seat may still appeal until `appealBy`.
    error AppealPeriodRunning(uint256 disputeId, uint256 appealBy);
    error AppealPeriodOver(uint256 disputeId, uint256 appealBy);
    /// @dev It is not the caller's, was left, or has nothing left to lose.
    error SeatCannotAppeal(uint32 seatId);

    /// @notice The provider (or its device), while it may concede: open the claim, and offer a game
    /// about the execution that led to it.
    function offerGame(
        uint256 disputeId,
        uint16 stretches,
        bytes32 taskDigest,
        bytes32 salt,
        bytes32[] calldata proof
    ) external;

    /// @notice The challenger (or its device) takes it up. From now on both are bound by their clocks.
    function acceptGame(uint256 disputeId) external;

    /// @notice The provider tells state `index`, the one in the middle.
    function tellState(uint256 disputeId, uint16 index, bytes32 state) external;

    /// @notice The challenger says whether it found the same state `index`.
    function answerState(uint256 disputeId, uint16 index, bool isSame) external;

    /// @notice The holder of a seat (or its device) stakes it on the claim's being wrong: a committee
    /// re-runs the whole task. If it finds the claim right, the seat's stake is lost.
    function appeal(uint256 disputeId, uint32 seatId) external;

    /// @notice How long the parts of a game take.
    function times() external view returns (GameTimes memory);

    /// @notice A dispute's game; all zero if none was offered.
    function game(uint256 disputeId) external view returns (Game memory);

    /// @notice The committee that re-ran, or re-runs, one stretch. `committee` tells of the one that
    /// is called for now.
    function stretchCommittee(uint256 disputeId)
        external
        view
        returns (ICommitteeArbiter.Committee memory);
}
