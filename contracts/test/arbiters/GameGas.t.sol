// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {GamePhase} from "../../src/types/Game.sol";
import {vm} from "../Vm.sol";
import {GameStage} from "./GameStage.sol";

/// @notice What a whole game costs, as in Gas.t.sol: every call is a transaction of its own.
/// forge-config: default.isolate = true
contract GameGasTest is GameStage {
    uint256 internal _spent;

    function _meter() internal {
        _spent += vm.lastCallGas().gasTotalUsed;
    }

    /// @dev The longest game: 4096 stretches, 12 rounds, and a provider that loses it.
    function test_LongestGame() external {
        _contestWrong();
        _offer(4096, WRONG);
        _meter();
        _accept();
        _meter();
        while (_isIn(GamePhase.Telling)) {
            uint16 index = _middle();
            _tell(_falseState(index, 4096, 1234));
            _meter();
            _answer(index <= 1234);
            _meter();
        }
        vm.snapshotValue("gas", "game of 12 rounds, all moves", _spent);
        vm.assertEq(uint256(_game().low), 1234);
    }

    function test_Size() external {
        vm.snapshotValue("gas", "size of BisectionArbiter in bytes", address(games).code.length);
        vm.assertTrue(address(games).code.length <= 24_576); // EIP-170
    }
}
