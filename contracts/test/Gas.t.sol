// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../src/types/Batch.sol";
import {AuditClaim, AuditRef} from "../src/types/AuditResult.sol";
import {Job, JobHash} from "../src/types/Job.sol";
import {LeaseResult} from "../src/types/LeaseResult.sol";
import {NaiveEscrow} from "./NaiveEscrow.sol";
import {Fixture} from "./Fixture.sol";
import {Trees} from "./Trees.sol";
import {vm} from "./Vm.sol";

/// @notice What whole transactions cost, and how large the contracts are: snapshots/gas.json, held
/// by `npm run gas:check`. Every call is a transaction of its own (`isolate`), so that calldata and the
/// 21,000 of each are in. Parties have used the market before, as nearly all have: their accounts are
/// there. A job's price is counted from its funded balance to the last credit paid out and refunded.
/// forge-config: default.isolate = true
contract GasTest is Fixture {
    uint256 internal _spent;
    NaiveEscrow internal naive;

    function setUp() public override {
        super.setUp();
        vm.prank(provider);
        market.stake(4000 ether);
        naive = new NaiveEscrow(token);
    }

    function _meter() internal {
        _spent += vm.lastCallGas().gasTotalUsed;
    }

    function _write(string memory name, uint256 value) internal {
        vm.snapshotValue("gas", name, value);
    }

    function _jobOfTasks(uint32 tasks) internal view returns (Job memory job) {
        job = _job();
        job.taskCount = tasks;
        job.auditBudget = 100 ether;
        job.relayerFee = 0;
        job.nonce = 2;
    }

    function _open(Job memory job, bool isGasless) internal returns (bytes32 jobId) {
        bytes memory signature = isGasless ? _sign(REQUESTER_KEY, JobHash.hash(job)) : bytes("");
        vm.prank(isGasless ? operator : requester);
        jobId = market.openJob(job, signature);
        _meter();
        _jobOf[jobId] = job;
    }

    /// @dev Everything that a job costs on chain, opened, committed, paid, refunded. Gasless: the
    /// requester only signs, and a device signs for the provider.
    function _jobTotal(uint32 leaseCount, uint32 tasks, bool isGasless) internal {
        bytes32 jobId = _open(_jobOfTasks(leaseCount * tasks), isGasless);
        LeaseResult[] memory leases = new LeaseResult[](leaseCount);
        for (uint32 i; i < leaseCount; ++i) {
            leases[i] = _lease(jobId, i * tasks, tasks);
        }
        Batch memory batch = _batchOf(leases);
        bytes32 batchId =
            _commitSigned(batch, _signLeases(isGasless ? DEVICE_KEY : PROVIDER_KEY, leases));
        _meter();
        _passWindow(batchId);
        market.settleBatch(batch);
        _meter();
        uint256 paidWei = uint256(leaseCount) * tasks * 1 ether;
        vm.assertEq(_balance(requester), FUNDS - paidWei);
        vm.assertEq(_balance(provider), FUNDS - 4000 ether + paidWei);
    }

    function test_GaslessJobOfOneTask() external {
        _jobTotal(1, 1, true);
        _write("single_task_job_gasless_total", _spent);
    }

    function test_JobOfOneTask() external {
        _jobTotal(1, 1, false);
        _write("single_task_job_total", _spent);
        vm.assertTrue(_spent <= 180_000, vm.toString(_spent));
    }

    function test_JobOfAThousandTasks() external {
        _jobTotal(20, 50, true);
        _write("job_1000_tasks_20_leases_per_task", _spent / 1000);
        vm.assertTrue(_spent <= 450_000, vm.toString(_spent));
    }

    function test_JobOfTenThousandTasks() external {
        _jobTotal(40, 250, true);
        _write("job_10000_tasks_per_task", _spent / 10_000);
        vm.assertTrue(_spent <= 1_500_000, vm.toString(_spent));
    }

    /// @dev An escrow for each task: what a first draft of a marketplace looks like.
    function test_NaiveEscrowOfOneTask() external {
        vm.startPrank(requester);
        token.approve(address(naive), type(uint256).max);
        naive.open(provider, 1 ether, keccak256("spec"));
        _meter();
        vm.stopPrank();
        vm.prank(provider);
        naive.deliver(1, keccak256("result"));
        _meter();
        vm.prank(requester);
        naive.accept(1);
        _meter();
        _write("naive_escrow_per_task", _spent);
    }

    function test_OpenJob() external {
        Job memory job = _jobOfTasks(20);
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(job));
        vm.prank(operator);
        market.openJob(job, signature);
        _meter();
        _write("openJob", _spent);
    }

    /// @dev So many audits of one lease, accepted by one transaction and, once that is settled, paid by another.
    function _audits(uint32 count, string memory label) internal {
        Job memory job = _job();
        job.maxPricePerTask = 8000 ether; // twice the stake: every task is drawn
        job.auditBudget = 200_000 ether;
        job.relayerFee = 0;
        bytes32 jobId = _open(job);
        LeaseResult memory lease = _lease(jobId, 0, 20);
        lease.amount = 160_000 ether;
        (bytes32 batchId, Batch memory batch) = _commitOne(lease);
        _passSeed(batchId);
        AuditClaim[] memory claims = new AuditClaim[](count);
        AuditRef[] memory refs = new AuditRef[](count);
        for (uint32 task; task < count; ++task) {
            claims[task] = _claim(batchId, batch, 0, task);
            refs[task] = AuditRef(0, task, 0);
        }
        uint24 seats = market.seatCountAt(market.batch(batchId).commitBlock);
        market.acceptAudits(batch, seats, claims);
        _meter();
        _write(string.concat("acceptAudits, ", label), _spent);
        _passWindow(batchId);
        market.settleBatch(batch);
        _spent = 0;
        market.payAudits(batch, refs);
        _meter();
        _write(string.concat("payAudits, ", label), _spent);
    }

    function test_OneAudit() external {
        _audits(1, "1 audit");
    }

    function test_TwentyAudits() external {
        _audits(20, "20 audits");
    }

    /// @dev All transactions of a dispute that the provider loses.
    function test_Dispute() external {
        LeaseResult memory lease = _leaseWithFault(_openDefault(), 0, 4, 1);
        (, Batch memory batch) = _commitOne(lease);
        uint256 disputeId = _dispute(batch, 0, 1);
        _meter();
        _wait(11);
        arbiter.drawCommittee(disputeId);
        _meter();
        _forward(3);
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
        bytes32[] memory proof = Trees.proof(_resultLeaves(lease.leaseId, 0, 4, 1), 1);
        arbiter.openClaim(disputeId, keccak256("wrong"), _salt(1), proof);
        _meter();
        arbiter.resolve(disputeId);
        _meter();
        _write("dispute_total", _spent);
    }

    function test_Sizes() external {
        _write("size of Market in bytes", address(market).code.length);
        _write("size of Annex in bytes", market.annex().code.length);
        _write("size of CommitteeArbiter in bytes", address(arbiter).code.length);
        _write("size of CreditToken in bytes", address(token).code.length);
        _write("size of BlockhashBeacon in bytes", address(beacon).code.length);
        vm.assertTrue(address(market).code.length <= 24_576); // EIP-170
        vm.assertTrue(market.annex().code.length <= 24_576);
    }
}
