// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice The challenger and all verifiers are one attacker. It contests right work, calls no committee until
/// its verifiers have left their seats and been paid out, and draws them then: members that have nothing to
/// lose could convict whom they like, and whoever took their seats would pay for what they do.
contract SeatsWithoutStakeTest is Fixture {
    LeaseResult internal lease;
    uint256 internal disputeId;

    function setUp() public override {
        super.setUp();
        vm.prank(provider);
        market.stake(60 ether);
        lease = _lease(_openDefault(), 0, 4);
        (, Batch memory batch) = _commitOne(lease);
        disputeId = _dispute(batch, 0, 1);
        _forward(1);
    }

    function _ids(uint32 seatId) internal pure returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = seatId;
    }

    /// @dev The first `count` of them, with all of their money.
    function _leave(uint32 count) internal {
        for (uint32 i; i < count; ++i) {
            vm.prank(_verifier(i));
            market.leaveSeats(_ids(i));
        }
        _wait(1000);
        for (uint32 i; i < count; ++i) {
            vm.prank(_verifier(i));
            market.releaseSeats(_ids(i));
            vm.assertEq(_balance(_verifier(i)), FUNDS);
        }
    }

    function test_WhoHasNothingToLoseIsNotDrawn() external {
        _leave(3);
        address[] memory members = _drawCommittee(disputeId);
        vm.assertEq(members.length, 2);
        for (uint256 i; i < 2; ++i) {
            vm.assertTrue(members[i] == _verifier(3) || members[i] == _verifier(4));
        }
    }

    /// @dev Nobody judges then: the work stands, and the bond comes back.
    function test_NobodyIsConvictedByThoseWhoHaveLeft() external {
        _leave(uint32(VERIFIERS));
        vm.assertEq(_drawCommittee(disputeId).length, 0);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.None);
        vm.assertEq(_stakeOf(provider), 60 ether);
        vm.assertEq(_balance(challenger), FUNDS);
    }

    function _takeTheirSeats() internal {
        _fund(stranger);
        vm.prank(stranger);
        market.takeSeats(uint16(VERIFIERS));
    }

    /// @dev Members vote, and never reveal: that costs whoever holds their seats all of the stake.
    function test_WhoeverTakesTheirSeatsAfterTheDrawPaysForNothing() external {
        _leave(uint32(VERIFIERS));
        address[] memory members = _drawCommittee(disputeId);
        _takeTheirSeats();
        for (uint256 i; i < members.length; ++i) {
            _vote(disputeId, members[i], keccak256("lie"));
        }
        vm.warp(uint256(arbiter.committee(disputeId).revealBy) + 1);
        arbiter.resolve(disputeId);
        _checkNextHolder();
    }

    function test_NorWhoeverTakesThemBefore() external {
        _leave(uint32(VERIFIERS));
        _callCommittee(disputeId);
        _takeTheirSeats();
        arbiter.drawCommittee(disputeId);
        vm.assertEq(arbiter.committee(disputeId).members.length, 0);
        arbiter.resolve(disputeId);
        _checkNextHolder();
    }

    function _checkNextHolder() internal view {
        for (uint32 i; i < VERIFIERS; ++i) {
            (uint96 stakeWei,, uint32 duties) = market.seatStake(i);
            vm.assertEq(market.seat(i).holder, stranger);
            vm.assertEq(stakeWei, 100 ether);
            vm.assertEq(duties, 0);
        }
    }

    /// @dev The other order: the committee is drawn of those who have left, but are not paid out. They have
    /// to stay until the dispute is over.
    function test_WhoIsDrawnIsNotPaidOut() external {
        for (uint32 i; i < VERIFIERS; ++i) {
            vm.prank(_verifier(i));
            market.leaveSeats(_ids(i));
        }
        vm.assertEq(_drawCommittee(disputeId).length, 3);
        vm.warp(_now() + 1000);
        uint32 seatId = arbiter.committee(disputeId).seatIds[0];
        _expect(abi.encodeWithSelector(IMarketErrors.SeatOnDuty.selector, seatId));
        vm.prank(_verifier(seatId));
        market.releaseSeats(_ids(seatId));
    }
}
