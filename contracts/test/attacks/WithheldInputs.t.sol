// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Requester, operator, provider and challenger are one: they dispute a task whose inputs
/// nobody can get, so that no honest member of the committee can vote. It must not cost them stake.
contract WithheldInputsTest is Fixture {
    uint256 internal disputeId;
    LeaseResult internal lease;
    address[] internal members;
    uint32[] internal seatIds;

    function setUp() public override {
        super.setUp();
        lease = _lease(_openDefault(), 0, 4);
        (, Batch memory batch) = _commitOne(lease);
        disputeId = _dispute(batch, 0, 1);
        members = _drawCommittee(disputeId);
        seatIds = arbiter.committee(disputeId).seatIds;
        vm.assertEq(members.length, 3);
    }

    function _requireUnharmed(uint256 i) internal {
        (uint96 stakeWei,,) = market.seatStake(seatIds[i]);
        vm.assertEq(stakeWei, 100 ether);
        vm.assertEq(market.seat(seatIds[i]).vacatedBlock, vm.getBlockNumber());
        vm.warp(_now() + 1000);
        uint32[] memory ids = new uint32[](1);
        ids[0] = seatIds[i];
        vm.prank(members[i]);
        market.releaseSeats(ids);
        vm.assertEq(_balance(members[i]), FUNDS);
    }

    function test_WhenNobodyCanVote_SeatsAreKeptAndNothingBurns() external {
        vm.warp(_now() + 21);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.None);
        vm.assertEq(market.burntWei(), 0);
        for (uint256 i; i < 3; ++i) {
            (uint96 stakeWei,, uint32 duties) = market.seatStake(seatIds[i]);
            vm.assertEq(stakeWei, 100 ether);
            vm.assertEq(duties, 0);
            vm.assertEq(market.seat(seatIds[i]).vacatedBlock, 0);
        }
    }

    /// @dev Only the attackers' friends are given the inputs.
    function test_WhenOnlyFriendsCanVote_TheOthersKeepTheirStake() external {
        _vote(disputeId, members[0], _honest(1));
        _vote(disputeId, members[1], _honest(1));
        vm.warp(_now() + 21);
        _reveal(disputeId, members[0], _honest(1));
        _reveal(disputeId, members[1], _honest(1));
        _openClaim(disputeId, lease, 1, NO_TASK);
        arbiter.resolve(disputeId);
        _requireUnharmed(2);
    }
}
