// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Job} from "../../src/types/Job.sol";
import {AuditClaim} from "../../src/types/AuditResult.sol";
import {CommittedLease, LeaseResult} from "../../src/types/LeaseResult.sol";
import {Params} from "../../src/types/Params.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Nobody can make a batch or a committee so large that nobody can afford to end it: whatever
/// was committed is settled, forfeited, paid, drawn and resolved under EIP-7825's 2^24 gas. Only the
/// commitment of 64 x 4096 tasks may need more; its operator sends it in parts.
/// forge-config: default.isolate = true
contract LargestTransactionsTest is Fixture {
    uint256 internal constant COMMIT_GAS = 30_000_000;
    uint256 internal constant MOST_GAS = 1 << 24;
    uint32 internal constant TASKS = 4096;
    uint32 internal constant LEASES = 64;

    function _params() internal pure override returns (Params memory p) {
        p = super._params();
        p.committeeSize = 31;
    }

    function _requireAffordable() internal {
        vm.assertTrue(vm.lastCallGas().gasTotalUsed < MOST_GAS);
    }

    function _commitLargest() internal returns (uint256 batchId, CommittedLease[] memory leases) {
        Job memory job = _job();
        job.taskCount = LEASES * TASKS;
        job.nonce = 2;
        bytes32 jobId = _open(job);
        LeaseResult[] memory results = new LeaseResult[](LEASES);
        for (uint32 i; i < LEASES; ++i) {
            results[i] = LeaseResult({
                leaseId: keccak256(abi.encode(i)),
                jobId: jobId,
                provider: provider,
                firstTask: i * TASKS,
                count: TASKS,
                amount: uint96(TASKS) * 1 ether,
                resultRoot: keccak256("root")
            });
        }
        leases = _expected(results);
        bytes[] memory signatures = _signLeases(DEVICE_KEY, results);
        vm.prank(operator);
        batchId = market.commitBatch(results, signatures);
        vm.assertTrue(vm.lastCallGas().gasTotalUsed < COMMIT_GAS);
    }

    function test_TheLargestBatchIsCommittedAndSettled() external {
        (uint256 batchId, CommittedLease[] memory leases) = _commitLargest();
        _fixSeed(batchId);
        _passWindow(batchId);
        market.settleBatch(batchId, leases);
        _requireAffordable();
        vm.assertEq(market.batch(batchId).finishedBitmap, (1 << LEASES) - 1);
    }

    /// @dev Freeing tasks is the dearer end of a lease.
    function test_TheLargestBatchIsForfeited() external {
        (uint256 batchId, CommittedLease[] memory leases) = _commitLargest();
        bytes32 jobId = _openDefault();
        for (uint32 task; task < 2; ++task) {
            (uint256 small, CommittedLease[] memory lease) = _commitOne(_lease(jobId, task, 1));
            uint256 disputeId = _dispute(small, lease, 0, task);
            vm.prank(provider);
            market.concede(disputeId);
        }
        _fixSeed(batchId);
        _passWindow(batchId);
        market.settleBatch(batchId, leases);
        _requireAffordable();
        vm.assertEq(market.account(provider).unvestedWei, 0);
    }

    function test_SixtyFourAuditsArePaidAtOnce() external {
        (uint256 batchId, CommittedLease[] memory leases) =
            _commitOne(_leaseOfMany(_manyTasks(), LEASES));
        _fixSeed(batchId);
        AuditClaim[] memory claims = new AuditClaim[](LEASES);
        for (uint32 i; i < LEASES; ++i) {
            claims[i] = _claim(batchId, leases, 0, i);
        }
        market.payAudits(batchId, claims);
        _requireAffordable();
    }

    function _manyTasks() internal returns (bytes32) {
        Job memory job = _job();
        job.taskCount = LEASES;
        job.nonce = 3;
        return _open(job);
    }

    function _leaseOfMany(bytes32 jobId, uint32 count) internal view returns (LeaseResult memory) {
        return _lease(jobId, 0, count);
    }

    function test_TheLargestCommitteeDecides() external {
        for (uint256 i; i < 40; ++i) {
            address holder = vm.addr(0xC000 + i);
            _fund(holder);
            vm.prank(holder);
            market.takeSeats(1);
        }
        _forward(1);
        (uint256 batchId, CommittedLease[] memory leases) =
            _commitOne(_leaseWithFault(_openDefault(), 0, 4, 1));
        uint256 disputeId = _dispute(batchId, leases, 0, 1);
        _wait(13);
        _forward(2);
        arbiter.drawCommittee(disputeId);
        _requireAffordable();
        address[] memory members = arbiter.committee(disputeId).members;
        vm.assertTrue(members.length > 24);
        _voteAll(disputeId, members, _honest(1));
        _openClaim(disputeId, leases[0].result, 1, 1);
        arbiter.resolve(disputeId);
        _requireAffordable();
    }
}
