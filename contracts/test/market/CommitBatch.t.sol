// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Batch, BatchId, JobRef, LeaseLine, Signature} from "../../src/types/Batch.sol";
import {BatchState} from "../../src/types/BatchState.sol";
import {Delegation, DelegationHash} from "../../src/types/Delegation.sol";
import {Job} from "../../src/types/Job.sol";
import {JobState} from "../../src/types/JobState.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {LeaseTerms} from "../../src/types/LeaseTerms.sol";
import {Fixture} from "../Fixture.sol";
import {SmartAccount} from "../SmartAccount.sol";
import {vm} from "../Vm.sol";

contract CommitBatchTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    /// @dev A further job like the default one.
    function _openOther(uint256 nonce) internal returns (bytes32) {
        Job memory job = _job();
        job.nonce = nonce;
        return _open(job);
    }

    function _expectRefused(LeaseResult memory lease, bytes memory error_) internal {
        _expectRefusedFrom(operator, DEVICE_KEY, lease, error_);
    }

    function _expectRefusedFrom(
        address sender,
        uint256 key,
        LeaseResult memory lease,
        bytes memory error_
    ) internal {
        LeaseResult[] memory leases = _one(lease);
        _expectBatchRefused(sender, _batchOf(leases), _signLeases(key, leases), error_);
    }

    function _expectBatchRefused(
        address sender,
        Batch memory batch,
        Signature[] memory signatures,
        bytes memory error_
    ) internal {
        Job[] memory jobs = _jobsOf(batch);
        address[] memory wallets = _partiesOf(batch);
        _expect(error_);
        vm.prank(sender);
        market.commitBatch(jobs, wallets, batch.lines, signatures);
    }

    function test_PublishesTheBatch_AndStoresWhenItWasCommitted() external {
        LeaseResult[] memory leases = _two(_lease(jobId, 0, 4), _lease(jobId, 4, 6));
        Batch memory expected = _batchOf(leases);
        vm.assertEq(expected.jobs.length, 1);
        vm.assertEq(expected.providers.length, 1);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        Job[] memory jobs = _jobsOf(expected);
        address[] memory wallets = _partiesOf(expected);
        vm.expectEmit(address(market));
        emit IMarketEvents.BatchCommitted(BatchId.idOf(expected), expected);
        vm.prank(operator);
        bytes32 batchId = market.commitBatch(jobs, wallets, expected.lines, signatures);
        vm.assertEq(batchId, BatchId.idOf(expected));
        BatchState memory state = market.batch(batchId);
        vm.assertEq(state.lineCount, 2);
        vm.assertEq(state.commitBlock, vm.getBlockNumber());
        vm.assertEq(state.committedAt, _now());
        vm.assertEq(state.finishedBits, 0);
        vm.assertEq(state.disputedBits, 0);
        vm.assertEq(market.seedOf(batchId), 0);
    }

    function test_MarksTasks_AndMovesNoMoney() external {
        _commit(_two(_lease(jobId, 0, 4), _lease(jobId, 6, 6)));
        JobState memory state = _stateOf(jobId);
        vm.assertEq(state.committedTasks, 10);
        vm.assertEq(state.settledTasks, 0);
        vm.assertEq(state.frontier, 12);
        vm.assertEq(state.escrowWei, 20 ether);
        vm.assertEq(_balance(provider), FUNDS);
        for (uint32 task; task < 20; ++task) {
            bool isInside = task < 4 || (task >= 6 && task < 12);
            vm.assertTrue(market.isTaskCommitted(jobId, task) == isInside);
        }
    }

    function test_FillsAGapLater() external {
        _commitOne(_lease(jobId, 6, 6));
        _commitOne(_lease(jobId, 2, 4));
        _expectRefused(
            _lease(jobId, 1, 2),
            abi.encodeWithSelector(IMarketErrors.TaskAlreadyCommitted.selector, jobId, 2)
        );
        _commitOne(_lease(jobId, 0, 2));
        vm.assertEq(_stateOf(jobId).committedTasks, 12);
        vm.assertEq(_stateOf(jobId).frontier, 12);
    }

    /// @dev The id covers the stake, and `_commit` checks the id.
    function test_NotesTheStakeThatStands() external {
        vm.startPrank(provider);
        market.stake(100 ether);
        market.requestUnstake(60 ether);
        vm.stopPrank();
        (, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        vm.assertEq(batch.providers[0].stakeWei(), 40 ether);
    }

    function test_ManyJobsAndProvidersShareABatch() external {
        bytes32 otherId = _openOther(2);
        LeaseResult[] memory leases = new LeaseResult[](3);
        leases[0] = _lease(jobId, 0, 4);
        leases[1] = _lease(otherId, 0, 5);
        leases[2] = _lease(jobId, 4, 6);
        leases[1].provider = challenger;
        leases[2].provider = challenger;
        Batch memory batch = _batchOf(leases);
        vm.assertEq(batch.jobs.length, 2);
        vm.assertEq(batch.providers.length, 2);
        Signature[] memory signatures = _signLeases(CHALLENGER_KEY, leases);
        signatures[0] = _signLeases(DEVICE_KEY, leases)[0];
        bytes32 batchId = _commitSigned(batch, signatures);
        vm.assertEq(batchId, BatchId.idOf(batch));
        vm.assertEq(_stateOf(jobId).committedTasks, 10);
        vm.assertEq(_stateOf(otherId).committedTasks, 5);
    }

    function test_TheWalletItselfMaySign() external {
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        _commitSigned(_batchOf(leases), _signLeases(PROVIDER_KEY, leases));
    }

    function test_ASmartAccountSignsByItsDevice() external {
        SmartAccount account = new SmartAccount();
        address fresh = vm.addr(0xD1);
        Delegation memory delegation =
            Delegation(address(account), fresh, uint40(START + 1 days), 1);
        account.approve(_digest(DelegationHash.hash(delegation)));
        market.delegate(delegation, "");
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.provider = address(account);
        LeaseResult[] memory leases = _one(lease);
        _commitSigned(_batchOf(leases), _signLeases(0xD1, leases));
        vm.assertEq(_stateOf(jobId).committedTasks, 4);
    }

    function test_RevertWhen_TheSenderIsNotTheOperator() external {
        _expectRefusedFrom(
            stranger,
            DEVICE_KEY,
            _lease(jobId, 0, 4),
            abi.encodeWithSelector(IMarketErrors.WrongOperator.selector, jobId, operator, stranger)
        );
    }

    function test_RevertWhen_AJobOfTheBatchIsAnotherOperators() external {
        Job memory job = _job();
        job.operator = stranger;
        bytes32 foreign = _open(job);
        LeaseResult[] memory leases = _two(_lease(jobId, 0, 4), _lease(foreign, 0, 4));
        _expectBatchRefused(
            operator,
            _batchOf(leases),
            _signLeases(DEVICE_KEY, leases),
            abi.encodeWithSelector(
                IMarketErrors.WrongOperator.selector, foreign, stranger, operator
            )
        );
    }

    function test_RevertWhen_TheResultIsForged() external {
        _expectRefusedFrom(operator, OPERATOR_KEY, _lease(jobId, 0, 4), _badSignature(provider));
    }

    function test_RevertWhen_TheResultIsAnotherProviders() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.provider = challenger;
        _expectRefused(lease, _badSignature(challenger));
    }

    function test_RevertWhen_TheProviderIsNobody() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.provider = address(0);
        _expectRefused(lease, _badSignature(address(0)));
        Signature[] memory none = new Signature[](1);
        _expectBatchRefused(operator, _batchOf(_one(lease)), none, _badSignature(address(0)));
    }

    function test_RevertWhen_AnyPartOfTheLineIsChanged() external {
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        Batch memory batch = _batchOf(leases);
        batch.lines[0].resultRoot = keccak256("another");
        _expectBatchRefused(operator, batch, signatures, _badSignature(provider));
        batch = _batchOf(leases);
        batch.lines[0].leaseId = keccak256("another");
        _expectBatchRefused(operator, batch, signatures, _badSignature(provider));
        batch = _batchOf(leases);
        leases[0].amount -= 1;
        batch.lines[0].terms = _batchOf(leases).lines[0].terms;
        _expectBatchRefused(operator, batch, signatures, _badSignature(provider));
    }

    function test_RevertWhen_TheDeviceWasRevoked() external {
        vm.prank(provider);
        market.revokeDevice(device);
        _expectRefused(_lease(jobId, 0, 4), _badSignature(provider));
    }

    function test_RevertWhen_TheDelegationHasExpired() external {
        Job memory job = _job();
        job.deadline = uint40(START + 3 days);
        job.nonce = 2;
        bytes32 longId = _open(job);
        vm.warp(START + 1 days);
        _commitOne(_lease(longId, 0, 1));
        vm.warp(START + 1 days + 1);
        _expectRefused(_lease(longId, 1, 1), _badSignature(provider));
    }

    function test_RevertWhen_SignedForAnotherChainOrContract() external {
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        vm.chainId(1);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        vm.chainId(31_337);
        _expectBatchRefused(operator, _batchOf(leases), signatures, _badSignature(provider));
        IMarket own = market;
        market = _deployMarket(address(token), address(beacon), address(1), _params());
        signatures = _signLeases(DEVICE_KEY, leases);
        market = own;
        _expectBatchRefused(operator, _batchOf(leases), signatures, _badSignature(provider));
    }

    function test_RevertWhen_ATaskIsCommittedTwice() external {
        _commitOne(_lease(jobId, 0, 4));
        _expectRefused(
            _lease(jobId, 3, 2),
            abi.encodeWithSelector(IMarketErrors.TaskAlreadyCommitted.selector, jobId, 3)
        );
    }

    function test_RevertWhen_TwoLeasesOfABatchShareATask() external {
        LeaseResult[] memory leases = _two(_lease(jobId, 0, 4), _lease(jobId, 3, 2));
        _expectBatchRefused(
            operator,
            _batchOf(leases),
            _signLeases(DEVICE_KEY, leases),
            abi.encodeWithSelector(IMarketErrors.TaskAlreadyCommitted.selector, jobId, 3)
        );
        vm.assertFalse(market.isTaskCommitted(jobId, 0));
    }

    function test_RevertWhen_ALeaseIsReplayed() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        _commitOne(lease);
        _forward(1);
        _expectRefused(
            lease, abi.encodeWithSelector(IMarketErrors.TaskAlreadyCommitted.selector, jobId, 0)
        );
    }

    function test_RevertWhen_TheRangeIsEmptyOrOutside() external {
        LeaseResult memory lease = _lease(jobId, 18, 3);
        _expectRefused(
            lease, abi.encodeWithSelector(IMarketErrors.TaskRangeInvalid.selector, 18, 3, 20)
        );
        lease.count = 0;
        _expectRefused(
            lease, abi.encodeWithSelector(IMarketErrors.TaskRangeInvalid.selector, 18, 0, 20)
        );
        lease.firstTask = type(uint32).max;
        lease.count = type(uint16).max;
        _expectRefused(
            lease,
            abi.encodeWithSelector(
                IMarketErrors.TaskRangeInvalid.selector, lease.firstTask, lease.count, 20
            )
        );
    }

    function _openLarge() internal returns (bytes32) {
        Job memory job = _job();
        job.taskCount = 200_000;
        job.nonce = 2;
        return _open(job);
    }

    /// @dev No tree of results is needed where a commitment is refused, or not opened.
    function _wideLease(bytes32 id, uint32 first, uint32 count)
        internal
        view
        returns (LeaseResult memory lease)
    {
        lease = _lease(id, first, 1);
        lease.count = count;
        lease.amount = uint96(count) * 1 ether;
    }

    function test_RevertWhen_ALeaseHasTooManyTasks() external {
        bytes32 id = _openLarge();
        _expectRefused(
            _wideLease(id, 0, 4097),
            abi.encodeWithSelector(IMarketErrors.TaskRangeInvalid.selector, 0, 4097, 200_000)
        );
        _commitOne(_wideLease(id, 0, 4096));
        vm.assertEq(_stateOf(id).committedTasks, 4096);
    }

    function test_RevertWhen_TooFarAhead() external {
        bytes32 id = _openLarge();
        _commitOne(_lease(id, 0, 4));
        _expectRefused(
            _lease(id, 65_541, 1),
            abi.encodeWithSelector(IMarketErrors.TooFarAhead.selector, id, 65_541, 4)
        );
        _commitOne(_lease(id, 65_540, 1));
        vm.assertTrue(market.isTaskCommitted(id, 65_540));
        vm.assertFalse(market.isTaskCommitted(id, 65_539));
        vm.assertFalse(market.isTaskCommitted(id, 65_541));
        vm.assertEq(_stateOf(id).committedTasks, 5);
    }

    function test_RevertWhen_TheAmountIsOverclaimed() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.amount = 4 ether + 1;
        _expectRefused(
            lease,
            abi.encodeWithSelector(IMarketErrors.AmountOutOfRange.selector, 4 ether + 1, 4, 4 ether)
        );
    }

    function test_RevertWhen_TheAmountIsNothing() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.amount = 3;
        _expectRefused(
            lease, abi.encodeWithSelector(IMarketErrors.AmountOutOfRange.selector, 3, 4, 4 ether)
        );
    }

    /// @dev They would make two ids of one batch.
    function test_RevertWhen_BitsAboveTheAmountAreSet() external {
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        Batch memory batch = _batchOf(leases);
        uint256 terms = LeaseTerms.unwrap(batch.lines[0].terms) | 1 << 160;
        batch.lines[0].terms = LeaseTerms.wrap(terms);
        _expectBatchRefused(
            operator,
            batch,
            _signLeases(DEVICE_KEY, leases),
            abi.encodeWithSelector(IMarketErrors.AmountOutOfRange.selector, terms >> 64, 4, 4 ether)
        );
    }

    function test_RevertWhen_TheTermsPointOutside() external {
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        bytes memory error_ =
            abi.encodeWithSelector(IMarketErrors.WrongLine.selector, leases[0].leaseId);
        for (uint256 bit = 1; bit < 1 << 16; bit <<= 8) {
            Batch memory batch = _batchOf(leases);
            batch.lines[0].terms = LeaseTerms.wrap(LeaseTerms.unwrap(batch.lines[0].terms) | bit);
            _expectBatchRefused(operator, batch, signatures, error_);
        }
    }

    function test_RevertWhen_AJobComesTwiceOrOutOfOrder() external {
        bytes32 otherId = _openOther(2);
        (bytes32 low, bytes32 high) = jobId < otherId ? (jobId, otherId) : (otherId, jobId);
        LeaseResult[] memory leases = _two(_lease(low, 0, 4), _lease(high, 0, 4));
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        Batch memory batch = _batchOf(leases);
        JobRef[] memory ordered = batch.jobs;

        batch.jobs = new JobRef[](2);
        (batch.jobs[0], batch.jobs[1]) = (ordered[1], ordered[0]);
        bytes memory error_ = abi.encodeWithSelector(IMarketErrors.JobsNotInOrder.selector, low);
        _expectBatchRefused(operator, batch, signatures, error_);
        (batch.jobs[0], batch.jobs[1]) = (ordered[0], ordered[0]);
        _expectBatchRefused(operator, batch, signatures, error_);
    }

    /// @dev The attack that the order is for: two copies of a job's state, each with its tasks free.
    function test_RevertWhen_ADuplicateJobHidesACommittedTask() external {
        LeaseResult[] memory leases = _two(_lease(jobId, 0, 4), _lease(jobId, 0, 4));
        leases[1].leaseId = keccak256("again");
        Batch memory batch = _batchOf(leases);
        JobRef memory only = batch.jobs[0];
        batch.jobs = new JobRef[](2);
        (batch.jobs[0], batch.jobs[1]) = (only, only);
        batch.lines[1].terms = LeaseTerms.wrap(LeaseTerms.unwrap(batch.lines[1].terms) | 1);
        _expectBatchRefused(
            operator,
            batch,
            _signLeases(DEVICE_KEY, leases),
            abi.encodeWithSelector(IMarketErrors.JobsNotInOrder.selector, jobId)
        );
    }

    function _expectLeasesNotInOrder(LeaseResult[] memory leases) internal {
        _expectBatchRefused(
            operator,
            _batchOf(leases),
            _signLeases(DEVICE_KEY, leases),
            abi.encodeWithSelector(
                IMarketErrors.LeasesNotInOrder.selector, leases[leases.length - 1].leaseId
            )
        );
    }

    /// @dev Draws, audits and votes name a lease by its id: see attacks/SharedLeaseId.tree.
    function test_RevertWhen_ALeaseIdComesTwice() external {
        bytes32 otherId = _openOther(2);
        LeaseResult[] memory leases = _two(_lease(jobId, 0, 4), _lease(otherId, 0, 4));
        leases[1].leaseId = leases[0].leaseId;
        _expectLeasesNotInOrder(leases);
        leases[0].leaseId = leases[1].leaseId = 0; // no id at all is an id like others
        _expectLeasesNotInOrder(leases);
        vm.assertEq(_stateOf(jobId).committedTasks, 0);
    }

    function test_RevertWhen_ALeaseIdIsBelowTheOneBefore() external {
        LeaseResult[] memory leases = _two(_lease(jobId, 0, 4), _lease(jobId, 4, 4));
        leases[1].leaseId = bytes32(uint256(leases[0].leaseId) - 1);
        _expectLeasesNotInOrder(leases);
        LeaseResult[] memory three = new LeaseResult[](3);
        (three[0], three[1], three[2]) =
        (_lease(jobId, 0, 1), _lease(jobId, 1, 1), _lease(jobId, 2, 1));
        three[2].leaseId = three[0].leaseId; // twice, though not side by side
        _expectLeasesNotInOrder(three);
    }

    function test_LeaseIdsMayBeginAtZeroAndRiseByOne() external {
        LeaseResult[] memory leases = _two(_lease(jobId, 4, 4), _lease(jobId, 0, 4));
        (leases[0].leaseId, leases[1].leaseId) = (0, bytes32(uint256(1)));
        _commit(leases);
        vm.assertEq(_stateOf(jobId).committedTasks, 8);
    }

    function _release(Batch memory batch, uint8 line, uint32 task) internal {
        uint256 disputeId = _dispute(batch, line, task);
        vm.prank(provider);
        market.concede(disputeId);
    }

    function test_RevertWhen_TheVeryResultWasReleased() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        (, Batch memory batch) = _commitOne(lease);
        _release(batch, 0, 1);
        bytes memory error_ =
            abi.encodeWithSelector(IMarketErrors.ResultIsVoid.selector, jobId, lease.leaseId);
        _expectRefused(lease, error_);
        _forward(1);
        _expectRefused(lease, error_);
        _expectRefusedFrom(operator, PROVIDER_KEY, lease, error_); // whoever signs it again
    }

    function test_AnotherResultOfReleasedTasksCounts() external {
        (, Batch memory batch) = _commit(_two(_lease(jobId, 0, 4), _lease(jobId, 4, 4)));
        _release(batch, 0, 1);
        vm.assertFalse(market.isTaskCommitted(jobId, 3));
        vm.assertTrue(market.isTaskCommitted(jobId, 4));
        _forward(1);
        _commit(_inOrder(_two(_lease(jobId, 2, 2), _lease(jobId, 0, 2))));
        vm.assertEq(_stateOf(jobId).committedTasks, 8);
    }

    function test_RevertWhen_TheJobHasNotStarted() external {
        Job memory job = _job();
        job.notBefore = uint40(START + 100);
        job.nonce = 2;
        bytes32 laterId = _open(job);
        vm.warp(START + 99);
        _expectRefused(
            _lease(laterId, 0, 1),
            abi.encodeWithSelector(IMarketErrors.JobNotStarted.selector, laterId, START + 100)
        );
        vm.warp(START + 100);
        _commitOne(_lease(laterId, 0, 1));
    }

    function test_RevertWhen_TheDeadlineAndItsGraceHavePassed() external {
        uint256 end = START + 1 hours + 60;
        vm.warp(end);
        _commitOne(_lease(jobId, 0, 1));
        vm.warp(end + 1);
        _expectRefused(
            _lease(jobId, 1, 1),
            abi.encodeWithSelector(IMarketErrors.CommitPeriodOver.selector, jobId, end)
        );
    }

    function test_RevertWhen_ACancellationAndItsGraceHavePassed() external {
        vm.prank(requester);
        market.cancelJob(_job(), "");
        uint256 end = _now() + 60;
        vm.warp(end);
        _commitOne(_lease(jobId, 0, 1));
        vm.warp(end + 1);
        _expectRefused(
            _lease(jobId, 1, 1),
            abi.encodeWithSelector(IMarketErrors.CommitPeriodOver.selector, jobId, end)
        );
    }

    function test_RevertWhen_TheJobIsUnknownOrClosed() external {
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 1));
        Batch memory batch = _batchOf(leases);
        Job[] memory jobs = _jobsOf(batch);
        address[] memory wallets = _partiesOf(batch);
        jobs[0].maxPricePerTask = 2 ether;
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownJob.selector, _idOf(jobs[0])));
        vm.prank(operator);
        market.commitBatch(jobs, wallets, batch.lines, new Signature[](1));
        vm.warp(START + 2 hours);
        market.closeJob(_job());
        _expectRefused(
            leases[0], abi.encodeWithSelector(IMarketErrors.JobAlreadyClosed.selector, jobId)
        );
    }

    function test_RevertWhen_TheJobWasOnlyCancelled() external {
        Job memory job = _job();
        job.nonce = 2;
        vm.prank(requester);
        market.cancelJob(job, "");
        bytes32 id = _idOf(job);
        _jobOf[id] = job;
        _expectRefused(
            _lease(id, 0, 1), abi.encodeWithSelector(IMarketErrors.UnknownJob.selector, id)
        );
    }

    function test_RevertWhen_TheBatchIsEmptyOrTooLongOrUneven() external {
        Batch memory batch = _batchOf(_one(_lease(jobId, 0, 4)));
        Job[] memory jobs = _jobsOf(batch);
        address[] memory wallets = _partiesOf(batch);
        vm.startPrank(operator);
        for (uint256 length; length <= 65; length += 65) {
            _expect(abi.encodeWithSelector(IMarketErrors.TooMany.selector, length, 64));
            market.commitBatch(jobs, wallets, new LeaseLine[](length), new Signature[](length));
        }
        _expect(abi.encodeWithSelector(IMarketErrors.LengthMismatch.selector, 1, 2));
        market.commitBatch(jobs, wallets, batch.lines, new Signature[](2));
        vm.stopPrank();
    }

    function test_RevertWhen_ThereAreMoreJobsOrProvidersThanLines() external {
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        Batch memory batch = _batchOf(leases);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        Job[] memory jobs = _jobsOf(batch);
        address[] memory wallets = _partiesOf(batch);
        bytes memory error_ = abi.encodeWithSelector(IMarketErrors.TooMany.selector, 2, 1);
        vm.startPrank(operator);
        _expect(error_);
        market.commitBatch(new Job[](2), wallets, batch.lines, signatures);
        _expect(error_);
        market.commitBatch(jobs, new address[](2), batch.lines, signatures);
        error_ = abi.encodeWithSelector(IMarketErrors.WrongLine.selector, leases[0].leaseId);
        _expect(error_);
        market.commitBatch(new Job[](0), wallets, batch.lines, signatures);
        _expect(error_);
        market.commitBatch(jobs, new address[](0), batch.lines, signatures);
        vm.stopPrank();
    }

    function test_TheLargestBatch() external {
        Job memory job = _job();
        job.taskCount = 64;
        job.nonce = 2;
        bytes32 id = _open(job);
        LeaseResult[] memory leases = new LeaseResult[](64);
        for (uint32 i; i < 64; ++i) {
            leases[i] = _lease(id, i, 1);
        }
        (bytes32 batchId, Batch memory batch) = _commit(leases);
        vm.assertEq(market.batch(batchId).lineCount, 64);
        _passWindow(batchId);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(id).settledTasks, 64);
        vm.assertEq(market.batch(batchId).lineCount, 0);
    }
}
