// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Where a dispute's game stands. Mirrors protocol/bisection.py.
enum GamePhase {
    /// @dev Never offered: the committee judges, as without games.
    None,
    /// @dev The provider offers it; if the challenger does not accept in time, the committee judges.
    Offered,
    /// @dev The provider is to tell the state in the middle.
    Telling,
    /// @dev The challenger is to say whether it found the same.
    Answering,
    /// @dev One stretch is left: a committee re-runs it.
    Narrowed,
    /// @dev The provider has won, unless somebody appeals.
    Won,
    /// @dev The committee re-runs the whole task, whatever the game said.
    Full
}

/// @notice A game about one dispute. Both sides agree on state `low`, and not on state `high`.
struct Game {
    GamePhase phase;
    uint16 stretches;
    uint16 low;
    uint16 high;
    /// @dev When the time of whoever is to move is over.
    uint40 moveBy;
    /// @dev What was left on each clock after its side's last move.
    uint32 providerSeconds;
    uint32 challengerSeconds;
    uint32 appealSeatId;
    /// @dev Zero unless somebody appealed.
    address appellant;
    bytes32 lowState;
    /// @dev As the provider claims it.
    bytes32 highState;
    /// @dev What the provider has told, until the challenger answers.
    bytes32 middleState;
}

/// @notice How long the parts of a game take at most; immutable.
struct GameTimes {
    uint32 acceptSeconds;
    /// @dev Each side's, for all of its moves.
    uint32 clockSeconds;
    /// @dev No move has less than this, whatever the clock says.
    uint32 extensionSeconds;
    uint32 appealSeconds;
}

/// @notice What a game is about: an execution's states. State 0 comes before anything has run, and each
/// stretch of the execution leads to the next. Mirrors protocol/bisection.py.
library ExecutionState {
    /// @dev Nothing has run.
    bytes32 internal constant START = 0;
    /// @dev log2 is the most rounds that a game has.
    uint256 internal constant MAX_STRETCHES = 4096;
    uint256 internal constant MAX_ROUNDS = 12;

    /// @notice The state after an execution's end: nothing follows but itself. Nothing else has this
    /// hash, since a running execution's snapshot begins in another way.
    function ended(bytes32 taskDigest) internal pure returns (bytes32) {
        return sha256(abi.encodePacked("fallow end 1", taskDigest));
    }
}
