// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {Job} from "../../src/types/Job.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Params} from "../../src/types/Params.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Requester, challenger and a third of the seats contest one task of nearly the largest lease that a
/// market grants. Where they are the committee's majority they say that it cannot be checked: the requester has
/// 255 right results for nothing, and a fine of an operator with a stake. So the bond has to follow the
/// lease: a committee of seven is theirs once in six times.
contract LargeLeaseTest is Fixture {
    uint32 internal constant TASKS = 255;
    uint256 internal constant SEATS = 90;
    uint256 internal constant COLLUDING = 30;

    bytes32 internal jobId;
    uint256 internal disputeId;
    LeaseResult internal lease;
    address[] internal members;

    function _params() internal pure override returns (Params memory p) {
        p = super._params();
        p.committeeSize = 5;
    }

    function setUp() public override {
        super.setUp();
        token.mint(operator, 60 ether);
        vm.startPrank(operator);
        token.approve(address(market), 60 ether);
        market.deposit(60 ether);
        market.stake(60 ether);
        vm.stopPrank();
        Job memory job = _job();
        job.taskCount = TASKS;
        jobId = _open(job);
        lease = _lease(jobId, 0, TASKS);
        (, Batch memory batch) = _commitOne(lease);
        disputeId = _dispute(batch, 0, 1);
        members = _drawCommittee(disputeId);
        vm.assertTrue(members.length >= 3);
    }

    function _judge(uint256 liars) internal returns (Verdict) {
        for (uint256 i; i < members.length; ++i) {
            _vote(disputeId, members[i], i < liars ? TaskResult.UNAVAILABLE : _honest(1));
        }
        for (uint256 i; i < members.length; ++i) {
            _reveal(disputeId, members[i], i < liars ? TaskResult.UNAVAILABLE : _honest(1));
        }
        _openClaim(disputeId, lease, 1, NO_TASK);
        arbiter.resolve(disputeId);
        return market.dispute(disputeId).verdict;
    }

    function _gangWei() internal view returns (uint256) {
        return _balance(requester) + _balance(challenger);
    }

    /// @dev Of 90 seats 30 are theirs: their chance to be four or more of seven, in parts per million.
    function _captured() internal pure returns (uint256) {
        uint256 ours;
        for (uint256 k = 4; k <= 7; ++k) {
            ours += _choose(COLLUDING, k) * _choose(SEATS - COLLUDING, 7 - k);
        }
        return ours * 1e6 / _choose(SEATS, 7);
    }

    function _choose(uint256 n, uint256 k) private pure returns (uint256 ways) {
        ways = 1;
        for (uint256 i; i < k; ++i) {
            ways = ways * (n - i) / (i + 1);
        }
    }

    function test_OnAverageItCostsMoreThanTheWholeLeaseBrings() external {
        uint256 put = FUNDS - _balance(challenger);
        vm.assertEq(put, 85 ether);
        uint256 state = vm.snapshotState();
        uint256 before = _gangWei();
        vm.assertTrue(_judge(members.length) == Verdict.Unavailable);
        // The lease's pay stays in the job's escrow, which is the requester's.
        uint256 won = _gangWei() - before - put + uint256(TASKS) * 1 ether;
        vm.assertEq(won, 255 ether + 6 ether);
        vm.assertTrue(vm.revertToState(state));
        vm.assertTrue(_judge(0) == Verdict.ChallengerLost);
        uint256 lost = before + put - _gangWei();
        vm.assertEq(lost, 85 ether);
        uint256 captured = _captured();
        vm.assertTrue(captured > 160_000 && captured < 175_000);
        vm.assertTrue(captured * won < (1e6 - captured) * lost);
        // By the price of a task alone it would have paid.
        vm.assertTrue(captured * won > (1e6 - captured) * 15 ether);
    }

    function test_AMinorityFreesNoLease() external {
        vm.assertTrue(_judge(1) == Verdict.ChallengerLost);
        vm.assertEq(_stakeOf(operator), 60 ether);
        vm.assertEq(_balance(challenger), FUNDS - 85 ether);
    }
}
