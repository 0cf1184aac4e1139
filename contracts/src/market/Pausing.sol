// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../interfaces/IAnnex.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice Keeping new money out for a bounded time. Exits do not ask.
abstract contract Pausing is MarketBase, IAnnex {
    uint40 private constant _LONGEST_PAUSE_SECONDS = 7 days;

    /// @inheritdoc IAnnex
    function pauseIntake(uint40 pauseSeconds) external {
        address guardian = _TERMS.guardian();
        address caller = _caller();
        if (caller != guardian) revert NotTheGuardian(guardian, caller);
        if (pauseSeconds > _LONGEST_PAUSE_SECONDS) {
            revert PauseTooLong(pauseSeconds, _LONGEST_PAUSE_SECONDS);
        }
        if (block.timestamp < _nextPauseAt) revert PausedTooSoon(_nextPauseAt);
        _intakePausedUntil = uint40(block.timestamp) + pauseSeconds;
        _nextPauseAt = _intakePausedUntil + pauseSeconds;
        emit IntakePausedUntil(_intakePausedUntil);
    }

    /// @inheritdoc IAnnex
    function intakePause() external view returns (uint40 pausedUntil, uint40 nextPauseAt) {
        return (_intakePausedUntil, _nextPauseAt);
    }
}
