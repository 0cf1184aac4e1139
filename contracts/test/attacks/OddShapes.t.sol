// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {
    Batch,
    BatchId,
    JobRef,
    LeaseLine,
    OwnerFields,
    Party,
    PartyFields,
    Signature
} from "../../src/types/Batch.sol";
import {Job} from "../../src/types/Job.sol";
import {JobState} from "../../src/types/JobState.sol";
import {LeaseResult, LeaseResultHash} from "../../src/types/LeaseResult.sol";
import {LeaseTermsFields} from "../../src/types/LeaseTerms.sol";
import {Request} from "../../src/types/Request.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Whatever nobody honest would send, and the encodings allow: parties that are nobody, twice there or
/// not used, words with bits where none belong, leases in the oddest order of tasks.
contract OddShapesTest is Fixture {
    function _plainJob(uint256 nonce, uint32 tasks) internal returns (bytes32) {
        Job memory job = _job();
        job.nonce = nonce;
        job.taskCount = tasks;
        job.relayerFee = 0;
        job.auditBudget = 0;
        return _open(job);
    }

    // ------------------------------------------------------------------------------ odd batches

    /// @dev Three jobs by rising id, of which the second is the only one with work.
    function _threeJobs() internal returns (bytes32[] memory) {
        LeaseResult[] memory none = new LeaseResult[](3);
        for (uint256 i; i < 3; ++i) {
            none[i].jobId = _plainJob(50 + i, 6);
        }
        return _jobIdsOf(none);
    }

    function _frame(bytes32[] memory ids) internal view returns (Batch memory batch) {
        batch.operator = operator;
        batch.jobs = new JobRef[](3);
        for (uint256 i; i < 3; ++i) {
            batch.jobs[i] = JobRef(ids[i], OwnerFields.pack(requester, 6));
        }
        batch.providers = new Party[](4); // the first is nobody, and so is not used
        batch.providers[1] = batch.providers[2] = PartyFields.pack(provider, 0);
        batch.providers[3] = PartyFields.pack(stranger, 0);
        batch.lines = new LeaseLine[](4);
    }

    /// @dev The second job's six tasks, in no order, by the same provider under both of its entries. The first
    /// lease's id is zero.
    function _oddBatch(bytes32[] memory ids)
        internal
        view
        returns (Batch memory batch, Signature[] memory signatures)
    {
        batch = _frame(ids);
        signatures = new Signature[](4);
        uint8[4] memory first = [4, 0, 2, 3];
        uint8[4] memory count = [2, 2, 1, 1];
        for (uint256 i; i < 4; ++i) {
            uint96 amount = uint96(count[i]) * 1 ether;
            LeaseResult memory lease = LeaseResult(
                bytes32(i), ids[1], provider, first[i], count[i], amount, keccak256("root")
            );
            signatures[i] = _signCompact(DEVICE_KEY, LeaseResultHash.hash(lease));
            batch.lines[i] = LeaseLine(
                lease.leaseId,
                lease.resultRoot,
                LeaseTermsFields.pack(1, uint8(1 + i % 2), first[i], count[i], amount)
            );
        }
    }

    function test_PartiesThatAreNobodyTwiceThereOrUnusedChangeNothing() external {
        bytes32[] memory ids = _threeJobs();
        (Batch memory batch, Signature[] memory signatures) = _oddBatch(ids);
        bytes32 batchId = _commitSigned(batch, signatures);
        vm.assertEq(batchId, BatchId.idOf(batch));
        _passWindow(batchId);
        market.settleBatch(batch);
        vm.assertEq(market.batch(batchId).lineCount, 0);
        vm.assertEq(_stakeOf(provider), 6 ether);
        vm.assertEq(_stakeOf(stranger) + _balance(stranger), 0);
        vm.assertEq(_stakeOf(address(0)) + _balance(address(0)), 0);
        vm.assertEq(_stateOf(ids[1]).settledTasks, 6);
        vm.assertEq(_stateOf(ids[1]).escrowWei, 0);
        for (uint256 i; i < 3; i += 2) {
            JobState memory unused = _stateOf(ids[i]);
            vm.assertEq(unused.escrowWei, 6 ether);
            vm.assertEq(unused.committedTasks, 0);
        }
        _expectNotCommittable(batch, signatures, ids[1]);
    }

    /// @dev Its job is over: the very same batch is never committed again.
    function _expectNotCommittable(
        Batch memory batch,
        Signature[] memory signatures,
        bytes32 closedId
    ) internal {
        Job[] memory jobs = _jobsOf(batch);
        address[] memory wallets = _partiesOf(batch);
        _expect(abi.encodeWithSelector(IMarketErrors.JobAlreadyClosed.selector, closedId));
        vm.prank(operator);
        market.commitBatch(jobs, wallets, batch.lines, signatures);
    }

    /// @dev Its id is the hash of the call's argument: a request's signed bytes carry it as well as a
    /// transaction's, and a byte more makes it another batch.
    function test_AnOddBatchIsSettledByARelayedCall() external {
        bytes32[] memory ids = _threeJobs();
        (Batch memory batch, Signature[] memory signatures) = _oddBatch(ids);
        _passWindow(_commitSigned(batch, signatures));
        bytes memory data = abi.encodeCall(market.settleBatch, (batch));
        (bool isDone,) = address(market).call(bytes.concat(data, hex"00"));
        vm.assertFalse(isDone);
        (Request memory request, bytes memory signature) = _request(PROVIDER_KEY, data, 0, 77);
        vm.prank(stranger);
        market.relay(request, 0, signature);
        vm.assertEq(_stateOf(ids[1]).settledTasks, 6);
    }

    // ------------------------------------------------------------------------------ dirty words

    /// @dev Words of `openJob` that are narrower than a word, and how many bits they have.
    function _narrowWord(uint256 which) internal pure returns (uint256 place, uint256 bits) {
        uint8[9] memory places = [0, 1, 2, 4, 5, 6, 7, 8, 9];
        uint8[9] memory widths = [160, 160, 160, 32, 96, 96, 96, 40, 40];
        return (places[which % 9], widths[which % 9]);
    }

    /// @dev The job is hashed and logged as it lies in calldata: no bit may be set that no field has.
    function testFuzz_AJobWithABitTooManyIsRefused(uint256 which, uint256 bit) external {
        bytes memory data = abi.encodeCall(market.openJob, (_job(), ""));
        (uint256 place, uint256 bits) = _narrowWord(which);
        uint256 dirt = 1 << (bits + bit % (256 - bits));
        assembly ("memory-safe") {
            let at := add(add(data, 36), mul(place, 32))
            mstore(at, or(mload(at), dirt))
        }
        uint256 before = _balance(requester);
        vm.prank(requester);
        (bool isDone,) = address(market).call(data);
        vm.assertFalse(isDone);
        vm.assertEq(_balance(requester), before);
    }

    /// @dev Without the dirt the same bytes open a job.
    function test_TheSameJobWithoutItIsOpened() external {
        vm.prank(requester);
        (bool isDone,) = address(market).call(abi.encodeCall(market.openJob, (_job(), "")));
        vm.assertTrue(isDone);
    }

    // ------------------------------------------------------------------------------ odd orders

    uint32 internal constant TASKS = 600;
    uint256[3] private _taken;
    uint256 private _takenCount;

    function _isTaken(uint32 task) private view returns (bool) {
        return _taken[task >> 8] >> (task & 255) & 1 != 0;
    }

    function _clashes(LeaseResult memory lease) private view returns (bool isClash) {
        for (uint32 i; i < lease.count; ++i) {
            isClash = isClash || _isTaken(lease.firstTask + i);
        }
    }

    function _take(LeaseResult memory lease) private {
        _takenCount += lease.count;
        for (uint32 task = lease.firstTask; task < lease.firstTask + lease.count; ++task) {
            _taken[task >> 8] |= 1 << (task & 255);
        }
    }

    function _randomLease(bytes32 jobId, uint256 random) private view returns (LeaseResult memory) {
        uint32 first = uint32(random % TASKS);
        uint32 count = uint32(1 + (random >> 32) % (TASKS - first));
        if (count > 300) count = 1 + count % 300;
        return LeaseResult(bytes32(random), jobId, provider, first, count, uint96(count), 0);
    }

    function _tryCommit(Batch memory batch, LeaseResult memory lease) private returns (bool ok) {
        Signature[] memory signatures = _signLeases(DEVICE_KEY, _one(lease));
        bytes memory data = abi.encodeCall(
            market.commitBatch, (_jobsOf(batch), _partiesOf(batch), batch.lines, signatures)
        );
        vm.prank(operator);
        (ok,) = address(market).call(data);
    }

    /// @dev A lease of just any tasks; half of them are lost again at once.
    function _commitAny(bytes32 jobId, uint256 random) private {
        LeaseResult memory lease = _randomLease(jobId, random);
        Batch memory batch = _batchOf(_one(lease));
        bool isClash = _clashes(lease);
        vm.assertTrue(_tryCommit(batch, lease) != isClash);
        if (isClash) return;
        if (random >> 200 & 1 == 0) {
            uint256 disputeId = _dispute(batch, 0, lease.firstTask);
            vm.prank(provider);
            market.concede(disputeId);
        } else {
            _take(lease);
        }
        vm.assertEq(_stateOf(jobId).committedTasks, _takenCount);
        _forward(1);
    }

    /// @dev A frontier and the holes below it, against a bit for every task.
    function testFuzz_CommittedTasksAreThoseOfAPlainBitArray(uint256 random) external {
        bytes32 jobId = _plainJob(50, TASKS);
        for (uint256 i; i < 14; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            _commitAny(jobId, random);
        }
        for (uint32 task; task < TASKS; ++task) {
            vm.assertTrue(market.isTaskCommitted(jobId, task) == _isTaken(task));
        }
    }
}
