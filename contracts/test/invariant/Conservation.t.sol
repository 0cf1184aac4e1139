// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {vm} from "../Vm.sol";
import {Fixture} from "../Fixture.sol";
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

    /// @dev What the handler only calls on itself.
    function excludeSelectors() external view returns (FuzzSelector[] memory excluded) {
        excluded = new FuzzSelector[](1);
        excluded[0].addr = address(handler);
        excluded[0].selectors = new bytes4[](3);
        excluded[0].selectors[0] = Fixture.setUp.selector;
        excluded[0].selectors[1] = Handler.contest.selector;
        excluded[0].selectors[2] = Handler.payOne.selector;
    }

    /// @dev Free balances, stakes, seats, escrows, bonds and what is burnt make up, to the wei,
    /// the tokens that Market holds.
    function invariant_CreditsAreConserved() external view {
        vm.assertEq(handler.owedWei(), handler.heldWei());
    }

    /// @dev A provider's unvested pay is that of its open leases.
    function invariant_UnvestedPayIsThatOfOpenLeases() external view {
        vm.assertEq(handler.unvestedWei(), handler.openPayWei());
    }

    /// @dev No claim on an escrow can ever fail for lack of money.
    function invariant_EscrowsCoverEveryTask() external view {
        vm.assertTrue(handler.isCovered());
    }

    /// @dev The handler's steps do reach every end of a lease and of a dispute.
    function test_EveryEndIsReached() external {
        uint256 random = 3;
        for (uint256 i; i < 1500; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            _step(random);
            if (i % 50 == 0) vm.assertEq(handler.owedWei(), handler.heldWei());
        }
        vm.assertTrue(handler.settled() > 0, "settled");
        vm.assertTrue(handler.slashed() > 0, "slashed");
        vm.assertTrue(handler.conceded() > 0, "conceded");
        vm.assertTrue(handler.bondsLost() > 0, "bonds lost");
        vm.assertTrue(handler.voided() > 0, "voided");
        vm.assertTrue(handler.audited() > 0, "audited");
        vm.assertTrue(handler.closed() > 0, "closed");
        vm.assertEq(handler.owedWei(), handler.heldWei());
    }

    function _step(uint256 random) internal {
        uint8 a = uint8(random >> 8);
        uint8 b = uint8(random >> 16);
        uint256 what = random % 14;
        if (what == 0) handler.openJob(a, uint64(random >> 24), uint64(random >> 88));
        if (what == 1) handler.commit(a, b, uint8(random >> 24));
        if (what == 2) handler.fixSeed(a);
        if (what == 3) handler.settle(a);
        if (what == 4) handler.audit(a, b);
        if (what == 5) handler.openDispute(a, b);
        if (what == 6) handler.concede(a);
        if (what == 7) handler.judge(a, uint16(random >> 24), b % 4 != 0);
        if (what == 8) handler.closeJob(a);
        if (what == 9) handler.pass(b);
        if (what == 10) handler.moveSeats(a, b);
        if (what == 11) handler.stake(uint96(random >> 24));
        if (what == 12) handler.requestUnstake(uint96(random >> 24));
        if (what == 13) handler.unstake();
    }
}
