// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Job, JobHash} from "../src/types/Job.sol";
import {AuditClaim} from "../src/types/AuditResult.sol";
import {CommittedLease, LeaseResult} from "../src/types/LeaseResult.sol";
import {Trees} from "./Trees.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// @notice What whole transactions cost, and how large the contracts are: snapshots/gas.json, held
/// by `npm run gas:check`. Every call is a transaction of its own (`isolate`).
/// forge-config: default.isolate = true
contract GasTest is Fixture {
    uint256 internal _spent;

    function _meter() internal {
        _spent += vm.lastCallGas().gasTotalUsed;
    }

    function _write(string memory name, uint256 value) internal {
        vm.snapshotValue("gas", name, value);
    }

    function _bigJob() internal view returns (Job memory job) {
        job = _job();
        job.taskCount = 1000;
        job.auditBudget = 100 ether;
        job.nonce = 2;
    }

    function test_OpenJob() external {
        Job memory job = _job();
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(job));
        vm.prank(operator);
        market.openJob(job, signature);
        _meter();
        _write("openJob", _spent);
    }

    function _commitAndSettle(uint32 leaseCount, uint32 tasks) internal {
        bytes32 jobId = _open(_bigJob());
        vm.prank(provider);
        market.stake(4000 ether);
        LeaseResult[] memory leases = new LeaseResult[](leaseCount);
        for (uint32 i; i < leaseCount; ++i) {
            leases[i] = _lease(jobId, i * tasks, tasks);
        }
        CommittedLease[] memory committed = _expected(leases);
        bytes[] memory signatures = _signLeases(DEVICE_KEY, leases);
        vm.prank(operator);
        uint256 batchId = market.commitBatch(leases, signatures);
        _meter();
        _forward(3);
        market.fixSeed(batchId);
        _meter();
        _passWindow(batchId);
        market.settleBatch(batchId, committed);
        _meter();
    }

    function test_CommitAndSettleOneTask() external {
        _commitAndSettle(1, 1);
        _write("commitBatch + fixSeed + settleBatch, 1 lease x 1 task, per task", _spent);
    }

    function test_CommitAndSettleAThousandTasks() external {
        _commitAndSettle(20, 50);
        _write("commitBatch + fixSeed + settleBatch, 20 leases x 50 tasks, per task", _spent / 1000);
    }

    function test_PayAudit() external {
        (uint256 batchId, CommittedLease[] memory leases) = _commitOne(_lease(_openDefault(), 0, 4));
        _fixSeed(batchId);
        AuditClaim[] memory claims = new AuditClaim[](1);
        claims[0] = _claim(batchId, leases, 0, 1);
        market.payAudits(batchId, claims);
        _meter();
        _write("payAudits, 1 audit", _spent);
    }

    /// @dev All transactions of a dispute that the provider loses.
    function test_Dispute() external {
        LeaseResult memory lease = _leaseWithFault(_openDefault(), 0, 4, 1);
        (uint256 batchId, CommittedLease[] memory leases) = _commitOne(lease);
        uint256 disputeId = _dispute(batchId, leases, 0, 1);
        _meter();
        _wait(11);
        _forward(2);
        arbiter.drawCommittee(disputeId);
        _meter();
        address[] memory members = arbiter.committee(disputeId).members;
        for (uint256 i; i < 3; ++i) {
            _vote(disputeId, members[i], _honest(1));
            _meter();
        }
        for (uint256 i; i < 3; ++i) {
            _reveal(disputeId, members[i], _honest(1));
            _meter();
        }
        _openLease(disputeId, lease);
        arbiter.resolve(disputeId);
        _meter();
        _write("a whole dispute, 10 transactions", _spent);
    }

    function _openLease(uint256 disputeId, LeaseResult memory lease) internal {
        bytes32[] memory proof = Trees.proof(_resultLeaves(lease.leaseId, 0, 4, 1), 1);
        arbiter.openClaim(disputeId, keccak256("wrong"), _salt(1), proof);
        _meter();
    }

    function test_Sizes() external {
        _write("size of Market in bytes", address(market).code.length);
        _write("size of CommitteeArbiter in bytes", address(arbiter).code.length);
        _write("size of CreditToken in bytes", address(token).code.length);
        _write("size of BlockhashBeacon in bytes", address(beacon).code.length);
        vm.assertTrue(address(market).code.length <= 24_576); // EIP-170
    }
}
