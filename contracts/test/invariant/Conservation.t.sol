// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {vm} from "../Vm.sol";
import {Handler} from "./Handler.sol";

/// @notice Whatever everybody does, in whatever order.
contract ConservationTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Handler internal handler;

    function setUp() external {
        handler = new Handler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), handler.steps());
    }

    // ------------------------------------------------------------------------------ any order

    /// @dev One invariant of all three: each would play the whole game again.
    function invariant_NoCreditIsLostOrTaken() external view {
        _check();
    }

    /// @dev After every game, everybody goes home.
    function afterInvariant() external {
        handler.everybodyLeaves();
    }

    /// @dev Free balances, stakes, seats, escrows, bonds, fees set aside and what is burnt make up, to the
    /// wei, the tokens that Market holds. No claim on an escrow can ever fail for lack of money. Nobody has less than
    /// before without its own call or signature, a lost or conceded dispute, an offence as a member, or inputs
    /// that it did not give out.
    function _check() internal view {
        vm.assertEq(handler.owedWei(), handler.heldWei(), "credits are not conserved");
        vm.assertTrue(handler.isCovered(), "an escrow does not cover its claims");
        vm.assertEq(handler.robbed(), address(0));
    }

    // ------------------------------------------------------------------------------ reaching

    function _play(uint256 seed, uint256 moves) internal {
        vm.pauseGasMetering();
        bytes4[] memory steps = handler.steps();
        for (uint256 i; i < moves; ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            bytes memory data = abi.encodeWithSelector(steps[random % steps.length], random >> 8);
            (bool isDone, bytes memory error_) = address(handler).call(data);
            if (!isDone) _revertWith(error_);
            if (i % 20 == 0) _check();
        }
        _check();
    }

    function _revertWith(bytes memory error_) private pure {
        assembly ("memory-safe") {
            revert(add(error_, 32), mload(error_))
        }
    }

    /// @dev The steps do reach every end of a lease, a job, a batch, a dispute, a seat: within some games.
    function test_EveryEndIsReached() external {
        vm.pauseGasMetering();
        string[46] memory ends = [
            "lease settled",
            "lease forfeited",
            "conceded",
            "conceded again",
            "concession refused",
            "concession refused, lease in dispute for longer",
            "lost",
            "lost in silence",
            "bond lost",
            "void, no votes",
            "void, no majority",
            "dispute moot",
            "job closed, done",
            "job closed, over",
            "job closed, cancelled",
            "job cancelled",
            "job never opened",
            "batch gone",
            "batch forgotten after a ruling",
            "audited",
            "audited again",
            "audit refused, lease finished",
            "audit not paid",
            "audit paid",
            "paid of a forgotten batch",
            "fee returned, lease lost",
            "fee returned, audit refuted",
            "fee returned, seat taken",
            "out of tolerance",
            "unavailable",
            "operator fined",
            "contradicted",
            "equivocated",
            "member excused",
            "member absent",
            "member offended",
            "seat left",
            "seat released",
            "seed fixed",
            "unstaked",
            "relayed",
            "relay refused",
            "paused",
            "epoch begun",
            "terms enacted",
            "judged by earlier terms"
        ];
        bool[46] memory isReached;
        uint256 missing = ends.length;
        for (uint256 game; game < 40 && missing != 0; ++game) {
            handler = new Handler();
            _play(game, 500);
            missing = 0;
            for (uint256 i; i < ends.length; ++i) {
                isReached[i] = isReached[i] || handler.count(ends[i]) > 0;
                if (!isReached[i]) ++missing;
            }
            handler.everybodyLeaves();
        }
        for (uint256 i; i < ends.length; ++i) {
            vm.assertTrue(isReached[i], ends[i]);
        }
    }

    // ------------------------------------------------------------------------------ leaving

    /// forge-config: default.fuzz.runs = 16
    /// forge-config: deep.fuzz.runs = 1000
    function testFuzz_FromAnywhereEverybodyGetsOut(uint256 seed) external {
        _play(seed, 1 + seed % 200);
        handler.everybodyLeaves();
    }

    function test_FromTheStartEverybodyGetsOut() external {
        handler.everybodyLeaves();
    }
}
