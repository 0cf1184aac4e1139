// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Job, JobHash} from "../../src/types/Job.sol";
import {AuditClaim, AuditRef} from "../../src/types/AuditResult.sol";
import {Batch, Signature} from "../../src/types/Batch.sol";
import {LeaseResult, LeaseResultHash} from "../../src/types/LeaseResult.sol";
import {Params} from "../../src/types/Params.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Nobody can make a batch or a committee so large that nobody can afford to end it: whatever
/// was committed is settled, forfeited, contested, paid, drawn and resolved under EIP-7825's 2^24 gas.
/// forge-config: default.isolate = true
contract LargestTransactionsTest is Fixture {
    uint256 internal constant MOST_GAS = 1 << 24;
    uint32 internal constant TASKS = 4096;
    uint32 internal constant LEASES = 64;

    function _params() internal pure override returns (Params memory p) {
        p = super._params();
        p.committeeSize = 31;
    }

    function _requireAffordable() internal view {
        vm.assertTrue(vm.lastCallGas().gasTotalUsed < MOST_GAS, "more than 2^24 gas");
    }

    function _bigJob(uint32 tasks, uint256 nonce) internal returns (bytes32) {
        Job memory job = _job();
        job.taskCount = tasks;
        job.auditBudget = 100 ether;
        job.nonce = nonce;
        return _open(job);
    }

    function _bigLease(bytes32 jobId, uint32 first, uint32 count)
        internal
        view
        returns (LeaseResult memory)
    {
        return LeaseResult({
            leaseId: _leaseId(first, jobId),
            jobId: jobId,
            provider: provider,
            firstTask: first,
            count: count,
            amount: uint96(count) * 1 ether,
            resultRoot: keccak256("root")
        });
    }

    function _commitLargest() internal returns (bytes32 batchId) {
        bytes32 jobId = _bigJob(LEASES * TASKS, 2);
        LeaseResult[] memory leases = new LeaseResult[](LEASES);
        for (uint32 i; i < LEASES; ++i) {
            leases[i] = _bigLease(jobId, i * TASKS, TASKS);
        }
        (batchId,) = _commit(leases);
        _requireAffordable();
    }

    function test_TheLargestBatchIsCommittedAndSettled() external {
        bytes32 batchId = _commitLargest();
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        _requireAffordable();
        vm.assertEq(market.batch(batchId).lineCount, 0);
    }

    /// @dev Freeing tasks is the dearer end of a lease: it takes a few transactions.
    function test_TheLargestBatchIsForfeited() external {
        bytes32 batchId = _commitLargest();
        _loseAll();
        _passWindow(batchId);
        uint256 calls;
        for (; market.batch(batchId).lineCount != 0; ++calls) {
            market.settleBatch(_committed(batchId));
            _requireAffordable();
        }
        vm.assertTrue(calls > 1 && calls < 5);
    }

    /// @dev Concede twice: whatever the provider has committed is forfeited.
    function _loseAll() internal {
        bytes32 jobId = _openDefault();
        for (uint32 task; task < 2; ++task) {
            (, Batch memory small) = _commitOne(_lease(jobId, task, 1));
            uint256 disputeId = _dispute(small, 0, task);
            vm.prank(provider);
            market.concede(disputeId);
        }
    }

    /// @dev As many words as such leases can touch: none begins where a word does.
    function _commitWidest() internal returns (bytes32 batchId) {
        LeaseResult[] memory leases = new LeaseResult[](LEASES);
        for (uint32 i; i < LEASES; ++i) {
            leases[i] = _bigLease(_bigJob(TASKS + 511, 100 + i), 511, TASKS);
            leases[i].leaseId = _leaseId(i, leases[i].leaseId);
        }
        (batchId,) = _commit(leases);
        _requireAffordable();
    }

    function test_TheWidestBatchIsForfeited() external {
        bytes32 batchId = _commitWidest();
        _loseAll();
        _passWindow(batchId);
        while (market.batch(batchId).lineCount != 0) {
            market.settleBatch(_committed(batchId));
            _requireAffordable();
        }
    }

    /// @dev Everybody else's pay goes on in the same transactions.
    function test_OthersArePaidAmongTheForfeited() external {
        bytes32 jobId = _bigJob(LEASES * TASKS, 2);
        LeaseResult[] memory leases = new LeaseResult[](LEASES);
        for (uint32 i; i < LEASES; ++i) {
            leases[i] = _bigLease(jobId, i * TASKS, TASKS);
        }
        leases[LEASES - 1].provider = challenger;
        Batch memory batch = _batchOf(leases);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        signatures[LEASES - 1] =
            _signCompact(CHALLENGER_KEY, LeaseResultHash.hash(leases[LEASES - 1]));
        bytes32 batchId = _commitSigned(batch, signatures);
        _loseAll();
        _passWindow(batchId);
        market.settleBatch(batch);
        _requireAffordable();
        vm.assertEq(_stateOf(jobId).settledTasks, TASKS);
    }

    /// @dev 64 jobs, 64 providers: the most accounts and jobs that one batch can touch.
    function test_TheMostCrowdedBatchIsCommittedContestedAndSettled() external {
        LeaseResult[] memory leases = new LeaseResult[](LEASES);
        Signature[] memory signatures = new Signature[](LEASES);
        for (uint32 i; i < LEASES; ++i) {
            leases[i] = _lease(_bigJob(4, 100 + i), 0, 4);
            leases[i].provider = vm.addr(0xD000 + i);
        }
        _inOrder(leases);
        for (uint32 i; i < LEASES; ++i) {
            signatures[i] = _signCompact(0xD000 + i, LeaseResultHash.hash(leases[i]));
        }
        Batch memory batch = _batchOf(leases);
        bytes32 batchId = _commitSigned(batch, signatures);
        _requireAffordable();
        _dispute(batch, 63, 1);
        _requireAffordable();
        _passWindow(batchId);
        market.settleBatch(batch);
        _requireAffordable();
        vm.assertEq(market.batch(batchId).finishedBits, (1 << 63) - 1);
    }

    /// @dev The dearest: most seats are a party's, so that many attempts find nobody.
    function test_SixtyFourAuditsAreAcceptedAndPaidAtOnce() external {
        vm.prank(provider);
        market.takeSeats(60);
        _forward(1);
        (bytes32 batchId,) = _commitOne(_lease(_bigJob(LEASES, 2), 0, LEASES));
        _passSeed(batchId);
        AuditClaim[] memory claims = new AuditClaim[](LEASES);
        AuditRef[] memory refs = new AuditRef[](LEASES);
        for (uint32 i; i < LEASES; ++i) {
            claims[i] = _claim(batchId, _committed(batchId), 0, i);
            refs[i] = AuditRef(0, i, 0);
        }
        market.acceptAudits(_committed(batchId), uint24(VERIFIERS + 60), claims);
        _requireAffordable();
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        market.payAudits(_committed(batchId), refs);
        _requireAffordable();
    }

    /// @dev One of each lease of a batch of 64 jobs and providers, all of it forfeited.
    function test_AuditsOfTheMostCrowdedBatchArePaidAtOnce() external {
        LeaseResult[] memory leases = new LeaseResult[](LEASES);
        for (uint32 i; i < LEASES; ++i) {
            leases[i] = _lease(_bigJob(4, 100 + i), 0, 4);
        }
        (bytes32 batchId,) = _commit(_inOrder(leases));
        _passSeed(batchId);
        AuditClaim[] memory claims = new AuditClaim[](LEASES);
        AuditRef[] memory refs = new AuditRef[](LEASES);
        for (uint8 i; i < LEASES; ++i) {
            claims[i] = _claim(batchId, _committed(batchId), i, 1);
            refs[i] = AuditRef(i, 1, 0);
        }
        market.acceptAudits(_committed(batchId), uint24(VERIFIERS), claims);
        _requireAffordable();
        _loseAll();
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        vm.assertEq(market.batch(batchId).lineCount, 0);
        uint256 before = _balance(requester);
        market.payAudits(_committed(batchId), refs);
        _requireAffordable();
        vm.assertEq(_balance(requester), before + uint256(LEASES) * 1.2 ether);
    }

    function test_TheLargestCommitteeDecides() external {
        for (uint256 i; i < 40; ++i) {
            address holder = vm.addr(0xC000 + i);
            _fund(holder);
            vm.prank(holder);
            market.takeSeats(1);
        }
        _forward(1);
        LeaseResult memory lease = _leaseWithFault(_openDefault(), 0, 4, 1);
        (, Batch memory batch) = _commitOne(lease);
        uint256 disputeId = _dispute(batch, 0, 1);
        _callCommittee(disputeId);
        _requireAffordable();
        arbiter.drawCommittee(disputeId);
        _requireAffordable();
        address[] memory members = arbiter.committee(disputeId).members;
        vm.assertTrue(members.length > 24);
        _voteAll(disputeId, members, _honest(1));
        _openClaim(disputeId, lease, 1, 1);
        arbiter.resolve(disputeId);
        _requireAffordable();
    }
}
