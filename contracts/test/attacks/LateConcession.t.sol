// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A provider fights a dispute with an accomplice on the committee. When the votes are on the chain,
/// and it is certain to lose, it opens a dispute of its own about another task of the lease and concedes
/// that one: the lease would be finished, the first dispute moot, the accomplice safe, and nothing forfeited.
contract LateConcessionTest is Fixture {
    LeaseResult internal wrong;
    bytes32 internal batchId;
    uint256 internal disputeId;
    uint256 internal concedeBy;
    address[] internal members;

    /// @dev Task 1 is wrong, and contested. Of 20 credits of pay, 16 wait in another lease.
    function setUp() public override {
        super.setUp();
        vm.prank(provider);
        market.stake(60 ether);
        bytes32 jobId = _openDefault();
        wrong = _leaseWithFault(jobId, 0, 4, 1);
        Batch memory batch;
        (batchId, batch) = _commit(_two(wrong, _lease(jobId, 4, 16)));
        disputeId = _dispute(batch, 0, 1);
        concedeBy = _now() + 10;
    }

    /// @dev The first member is the provider's friend.
    function _showVotes() internal {
        members = _drawCommittee(disputeId);
        for (uint256 i; i < members.length; ++i) {
            _vote(disputeId, members[i], i == 0 ? keccak256("wrong") : _honest(1));
        }
        for (uint256 i; i < members.length; ++i) {
            _reveal(disputeId, members[i], i == 0 ? keccak256("wrong") : _honest(1));
        }
    }

    function _contestItself() internal returns (uint256) {
        Batch memory batch = _committed(batchId);
        vm.prank(provider);
        return market.openDispute(batch, 0, 2);
    }

    function _expectTooLate(uint256 own) internal {
        _expect(abi.encodeWithSelector(IMarketErrors.ConcedePeriodOver.selector, own, concedeBy));
        vm.prank(provider);
        market.concede(own);
    }

    /// @dev All that losing costs, which is more than conceding in time.
    function _checkLost() internal {
        _openClaim(disputeId, wrong, 1, 1);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ProviderLost);
        vm.assertEq(_stakeOf(provider), 0);
        vm.assertEq(_balance(challenger), FUNDS + 9 ether);
        (uint96 friendsWei,,) = market.seatStake(arbiter.committee(disputeId).seatIds[0]);
        vm.assertEq(friendsWei, 0);
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        vm.assertEq(_stateOf(wrong.jobId).settledTasks, 0);
    }

    function test_WhoSeesTheVotesCanNoLongerConcedeAnotherTask() external {
        _showVotes();
        _expectTooLate(_contestItself());
        _checkLost();
    }

    /// @dev A dispute that was opened before the committee was known helps no more.
    function test_NorOneThatItOpenedInTime() external {
        vm.warp(concedeBy);
        uint256 own = _contestItself();
        _showVotes();
        _expectTooLate(own);
        _checkLost();
    }

    /// @dev Its own dispute is moot then, and its bond comes back: it has lost nothing by trying, nor won.
    function test_ItsOwnDisputeEndsWithTheLease() external {
        _showVotes();
        uint256 own = _contestItself();
        _openClaim(disputeId, wrong, 1, 1);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.isMoot(own));
        arbiter.resolve(own);
        vm.assertTrue(market.dispute(own).verdict == Verdict.None);
        vm.assertEq(_balance(provider), FUNDS - 60 ether);
    }

    /// @dev In time it may, also by a dispute of its own: it costs the lease and 50 prices either way.
    function test_InTimeItMay() external {
        vm.warp(concedeBy);
        uint256 own = _contestItself();
        vm.prank(provider);
        market.concede(own);
        vm.assertTrue(market.isMoot(disputeId));
        vm.assertEq(_stakeOf(provider), 10 ether);
    }
}
