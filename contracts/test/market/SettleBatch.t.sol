// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketCore} from "../../src/interfaces/IMarketCore.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {AuditClaim} from "../../src/types/AuditResult.sol";
import {
    Batch,
    BatchId,
    OwnerFields,
    Party,
    PartyFields,
    Signature
} from "../../src/types/Batch.sol";
import {BatchState} from "../../src/types/BatchState.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {Job} from "../../src/types/Job.sol";
import {JobState, JobWords} from "../../src/types/JobState.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {LeaseTerms} from "../../src/types/LeaseTerms.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract SettleBatchTest is Fixture {
    bytes32 internal jobId;
    uint256 internal committedAt;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        committedAt = _now();
    }

    /// @dev The same two leases of one provider in every test; committed when it asks for them.
    function _leases() internal view returns (LeaseResult[] memory) {
        return _two(_lease(jobId, 0, 4), _lease(jobId, 4, 6));
    }

    function _unknown(bytes32 batchId) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, batchId);
    }

    function _expectSettled(bytes32 batchId, uint64 settledBits, uint64 releasedBits) internal {
        vm.expectEmit(address(market));
        emit IMarketEvents.BatchSettled(batchId, settledBits, releasedBits);
    }

    function _expectNothing(bytes32 batchId, Batch memory batch) internal {
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, batchId));
        market.settleBatch(batch);
    }

    function _expectGone(bytes32 batchId) internal view {
        BatchState memory state = market.batch(batchId);
        vm.assertEq(keccak256(abi.encode(state)), keccak256(new bytes(5 * 32)));
    }

    /// @dev Nobody votes: the dispute ends with nothing decided.
    function _endUndecided(uint256 disputeId) internal {
        _drawCommittee(disputeId);
        vm.warp(_now() + 21);
        arbiter.resolve(disputeId);
    }

    function _lose(Batch memory batch, LeaseResult memory lease, uint8 line, uint32 task) internal {
        uint256 disputeId = _dispute(batch, line, task);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(task));
        _openClaim(disputeId, lease, task, task);
        arbiter.resolve(disputeId);
    }

    // ------------------------------------------------------------------------------ paying

    function test_PaysEveryLease() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        _passWindow(batchId);
        _expectSettled(batchId, 3, 0);
        vm.prank(stranger);
        market.settleBatch(batch);
        JobState memory state = _stateOf(jobId);
        vm.assertEq(state.settledTasks, 10);
        vm.assertEq(state.committedTasks, 10);
        vm.assertEq(state.escrowWei, 10 ether);
        vm.assertEq(state.auditEscrowWei, 24 ether);
        vm.assertEq(state.flags, JobWords.OPENED);
        vm.assertEq(_balance(provider) + _stakeOf(provider), FUNDS + 10 ether);
    }

    function test_PayFillsTheMinimumStakeFirst() external {
        vm.prank(provider);
        market.stake(35 ether);
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        _passWindow(batchId);
        vm.expectEmit(address(market));
        emit IMarketEvents.Staked(provider, 5 ether);
        market.settleBatch(batch);
        vm.assertEq(_stakeOf(provider), 40 ether);
        vm.assertEq(_balance(provider), FUNDS - 35 ether + 5 ether);
    }

    function test_PaysLessThanTheHighestPrice() external {
        LeaseResult memory lease = _lease(jobId, 0, 4);
        lease.amount = 1 ether;
        (bytes32 batchId, Batch memory batch) = _commitOne(lease);
        _passWindow(batchId);
        market.settleBatch(batch);
        vm.assertEq(_stakeOf(provider), 1 ether);
        vm.assertEq(_stateOf(jobId).escrowWei, 19 ether);
    }

    /// @dev Lines 0 and 3 of one provider, 1 and 2 of another; 0 and 1 of the first job, which they
    /// complete, 2 and 3 of the second.
    function _mixed(bytes32 otherId) internal returns (bytes32 batchId, Batch memory batch) {
        LeaseResult[] memory leases = new LeaseResult[](4);
        leases[0] = _lease(jobId, 0, 12);
        leases[1] = _lease(jobId, 12, 8);
        leases[2] = _lease(otherId, 0, 3);
        leases[3] = _lease(otherId, 3, 5);
        leases[1].provider = challenger;
        leases[2].provider = challenger;
        batch = _batchOf(_inOrder(leases));
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        Signature[] memory others = _signLeases(CHALLENGER_KEY, leases);
        (signatures[1], signatures[2]) = (others[1], others[2]);
        batchId = _commitSigned(batch, signatures);
    }

    function _openOther() internal returns (bytes32) {
        Job memory job = _job();
        job.nonce = 2;
        return _open(job);
    }

    function test_NetsManyLeasesJobsAndProviders() external {
        vm.prank(provider);
        market.stake(100 ether);
        bytes32 otherId = _openOther();
        (bytes32 batchId, Batch memory batch) = _mixed(otherId);
        _passWindow(batchId);
        vm.expectEmit(address(market));
        emit IMarketEvents.JobClosed(jobId, 24 ether);
        vm.expectEmit(address(market));
        emit IMarketEvents.Staked(challenger, 11 ether);
        _expectSettled(batchId, 15, 0);
        market.settleBatch(batch);
        vm.assertEq(_balance(provider), FUNDS - 100 ether + 17 ether);
        vm.assertEq(_stakeOf(challenger), 11 ether);
        vm.assertEq(_balance(challenger), FUNDS);
        vm.assertEq(_stateOf(otherId).escrowWei, 12 ether);
        vm.assertEq(_stateOf(otherId).settledTasks, 8);
        vm.assertEq(_stateOf(otherId).flags, JobWords.OPENED);
        JobState memory state = _stateOf(jobId);
        vm.assertEq(state.flags, JobWords.OPENED | JobWords.CLOSED);
        vm.assertEq(uint256(state.escrowWei) + state.auditEscrowWei, 0);
        vm.assertEq(_balance(requester), FUNDS - 88.2 ether + 24 ether);
        _expectGone(batchId);
    }

    /// @dev No second entry escapes the wallet's disputes, or its minimum stake.
    function test_AProviderMayBeListedTwice() external {
        LeaseResult[] memory leases = _leases();
        Batch memory batch = _batchOf(leases);
        address[] memory wallets = new address[](2);
        (wallets[0], wallets[1]) = (provider, provider);
        batch.lines[1].terms = LeaseTerms.wrap(LeaseTerms.unwrap(batch.lines[1].terms) | 1 << 8);
        Job[] memory jobs = _jobsOf(batch);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        vm.prank(operator);
        bytes32 batchId = market.commitBatch(jobs, wallets, batch.lines, signatures);
        batch.providers = new Party[](2);
        Party party = PartyFields.pack(provider, 0);
        (batch.providers[0], batch.providers[1]) = (party, party);
        vm.assertEq(batchId, BatchId.idOf(batch));
        uint256 disputeId = _dispute(batch, 0, 1);
        _passWindow(batchId);
        _expectNothing(batchId, batch);
        _endUndecided(disputeId);
        market.settleBatch(batch);
        vm.assertEq(_stakeOf(provider), 10 ether);
        vm.assertEq(_balance(provider), FUNDS);
    }

    function test_AJobThatIsOverItsEndIsStillPaid() external {
        (, Batch memory batch) = _commit(_leases());
        _forward(3);
        vm.warp(START + 30 days);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(jobId).settledTasks, 10);
    }

    function test_NeedsNoSeedThatTheChainHasForgotten() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        _forward(300);
        vm.assertEq(market.seedOf(batchId), 0);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(jobId).settledTasks, 10);
    }

    // ------------------------------------------------------------------------------ refusing

    function test_RevertWhen_TheWindowIsOpen() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        uint256 endsAt = committedAt + 100;
        _forward(10);
        vm.warp(endsAt);
        _expect(abi.encodeWithSelector(IMarketErrors.WindowOpen.selector, batchId, endsAt));
        market.settleBatch(batch);
        vm.warp(endsAt + 1);
        market.settleBatch(batch);
    }

    /// @dev However long blocks take, nothing is paid before audits can be drawn.
    function test_RevertWhen_TheSeedBlockIsNotMined() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        uint256 endsAt = committedAt + 100;
        vm.warp(endsAt + 1 days);
        vm.roll(vm.getBlockNumber() + 2);
        _expect(abi.encodeWithSelector(IMarketErrors.WindowOpen.selector, batchId, endsAt));
        market.settleBatch(batch);
        vm.roll(vm.getBlockNumber() + 1);
        market.settleBatch(batch);
    }

    function test_RevertWhen_AnythingOfTheBatchIsChanged() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        _passWindow(batchId);
        uint256 terms = LeaseTerms.unwrap(batch.lines[0].terms);
        batch.lines[0].terms = LeaseTerms.wrap(terms + (1 << 64));
        _expect(_unknown(BatchId.idOf(batch)));
        market.settleBatch(batch);
        batch.lines[0].terms = LeaseTerms.wrap(terms);
        batch.providers[0] = PartyFields.pack(stranger, 0);
        _expect(_unknown(BatchId.idOf(batch)));
        market.settleBatch(batch);
        batch.providers[0] = PartyFields.pack(provider, 0);
        batch.jobs[0].owner = OwnerFields.pack(requester, 10); // it would close the job now
        _expect(_unknown(BatchId.idOf(batch)));
        market.settleBatch(batch);
        batch.jobs[0].owner = OwnerFields.pack(stranger, 20); // it would have the rest
        _expect(_unknown(BatchId.idOf(batch)));
        market.settleBatch(batch);
        batch.jobs[0].owner = OwnerFields.pack(requester, 20);
        batch.operator = stranger;
        _expect(_unknown(BatchId.idOf(batch)));
        market.settleBatch(batch);
        batch.operator = operator;
        market.settleBatch(batch);
    }

    /// @dev The id is the hash of the call's argument as it lies there, so nothing may lie beside it.
    function test_RevertWhen_TheEncodingIsNotTheBatchs() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        _passWindow(batchId);
        bytes memory encoded = abi.encode(batch);
        bytes memory longer = abi.encodePacked(encoded, uint256(0));
        _expectRefusedRaw(longer, _unknown(keccak256(longer)));
        bytes memory moved = abi.encodePacked(uint256(64), encoded); // with a word before it
        assembly ("memory-safe") {
            mstore(add(moved, 0x40), 0)
        }
        _expectRefusedRaw(moved, _unknown(keccak256(moved)));
        (bool isDone,) =
            address(market).call(abi.encodePacked(IMarketCore.settleBatch.selector, encoded));
        vm.assertTrue(isDone);
    }

    function _expectRefusedRaw(bytes memory encoded, bytes memory error_) internal {
        (bool isDone, bytes memory reply) =
            address(market).call(abi.encodePacked(IMarketCore.settleBatch.selector, encoded));
        vm.assertFalse(isDone);
        vm.assertEq(keccak256(reply), keccak256(error_));
    }

    // ------------------------------------------------------------------------------ finished

    function test_NothingOfAFinishedBatchIsLeft() external {
        LeaseResult[] memory leases = _leases();
        (bytes32 batchId, Batch memory batch) = _commit(leases);
        _passWindow(batchId);
        market.settleBatch(batch);
        _expectGone(batchId);
        _expect(_unknown(batchId));
        market.settleBatch(batch);
        _expect(_unknown(batchId));
        _dispute(batch, 0, 1);
        _expect(_unknown(batchId));
        market.fixSeed(batchId);
        _expect(_unknown(batchId));
        market.acceptAudits(batch, uint24(VERIFIERS), new AuditClaim[](1));
        _expect(abi.encodeWithSelector(IMarketErrors.NoFeeLeft.selector, batchId, 0, 1, 0));
        _payAudit(batch, 0, 1);
        _expectNotCommittable(
            leases, abi.encodeWithSelector(IMarketErrors.TaskAlreadyCommitted.selector, jobId, 0)
        );
    }

    function _expectNotCommittable(LeaseResult[] memory leases, bytes memory error_) internal {
        Batch memory batch = _batchOf(leases);
        Job[] memory jobs = _jobsOf(batch);
        address[] memory wallets = _partiesOf(batch);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        _expect(error_);
        vm.prank(operator);
        market.commitBatch(jobs, wallets, batch.lines, signatures);
    }

    function test_ABatchThatClosedItsJobIsNeverCommittedAgain() external {
        LeaseResult[] memory leases = _two(_lease(jobId, 0, 10), _lease(jobId, 10, 10));
        (bytes32 batchId, Batch memory batch) = _commit(leases);
        _passWindow(batchId);
        market.settleBatch(batch);
        _expectNotCommittable(
            leases, abi.encodeWithSelector(IMarketErrors.JobAlreadyClosed.selector, jobId)
        );
        _expectGone(batchId);
    }

    function test_AForfeitedBatchIsNeverCommittedAgain() external {
        LeaseResult[] memory leases = _leases();
        (bytes32 batchId, Batch memory batch) = _commit(leases);
        _slash();
        _passWindow(batchId);
        market.settleBatch(batch);
        _expectGone(batchId);
        _expect(_unknown(batchId));
        market.settleBatch(batch);
        _expectNotCommittable(
            leases,
            abi.encodeWithSelector(IMarketErrors.ResultIsVoid.selector, jobId, leases[0].leaseId)
        );
    }

    // ------------------------------------------------------------------------------ disputes

    function test_PaysNothingToAProviderInDispute() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        uint256 disputeId = _dispute(batch, 1, 5);
        _passWindow(batchId);
        _expectNothing(batchId, batch);
        _endUndecided(disputeId);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(jobId).settledTasks, 10);
        _expectGone(batchId);
    }

    function test_OthersOfTheBatchArePaidMeanwhile_AndItsStateStays() external {
        bytes32 otherId = _openOther();
        (bytes32 batchId, Batch memory batch) = _mixed(otherId);
        uint256 disputeId = _dispute(batch, 3, 4);
        _passWindow(batchId);
        _expectSettled(batchId, 6, 0);
        market.settleBatch(batch);
        vm.assertEq(_stakeOf(challenger), 11 ether);
        vm.assertEq(_stakeOf(provider), 0);
        BatchState memory state = market.batch(batchId);
        vm.assertEq(state.finishedBits, 6);
        vm.assertEq(state.disputedBits, 8);
        vm.assertEq(state.lineCount, 4);
        _expectNothing(batchId, batch);
        _endUndecided(disputeId);
        vm.assertEq(market.batch(batchId).disputedBits, 0);
        _expectSettled(batchId, 9, 0);
        market.settleBatch(batch);
        vm.assertEq(_stakeOf(provider), 17 ether);
        _expectGone(batchId);
    }

    function test_DisputesHoldTheRestBackForOneDelayOnly() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        _dispute(batch, 1, 5);
        _passSeed(batchId);
        vm.warp(committedAt + 100 + 1000);
        _expectNothing(batchId, batch);
        vm.warp(committedAt + 100 + 1001);
        _expectSettled(batchId, 1, 0);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
        vm.assertEq(market.batch(batchId).finishedBits, 1);
        vm.assertEq(market.batch(batchId).disputedBits, 2);
    }

    /// @dev A ruling is the last that happens to it: nothing is left to pay, only to forget, once.
    function test_ABatchThatARulingFinishesIsForgottenByACall() external {
        LeaseResult memory wrong = _leaseWithFault(jobId, 4, 6, 5);
        (bytes32 batchId, Batch memory batch) = _commit(_two(_lease(jobId, 0, 4), wrong));
        uint256 disputeId = _dispute(batch, 1, 5);
        _passSeed(batchId);
        vm.warp(committedAt + 1101);
        market.settleBatch(batch);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(5));
        _openClaim(disputeId, wrong, 5, 5);
        arbiter.resolve(disputeId);
        BatchState memory state = market.batch(batchId);
        vm.assertEq(state.finishedBits, 3);
        vm.assertEq(state.disputedBits, 0);
        vm.assertEq(state.lineCount, 2);
        _forget(batchId, batch);
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
        vm.assertEq(_stateOf(jobId).committedTasks, 4);
        vm.assertFalse(market.isTaskCommitted(jobId, 4));
    }

    /// @dev There is nothing to pay or to release, and no second time.
    function _forget(bytes32 batchId, Batch memory batch) internal {
        _expectSettled(batchId, 0, 0);
        vm.prank(stranger);
        market.settleBatch(batch);
        _expectGone(batchId);
        _expect(_unknown(batchId));
        market.settleBatch(batch);
    }

    /// @dev Not before its window is over: an early end is no end of the rules.
    function test_ABatchThatAConcessionFinishesIsForgottenAfterItsWindow() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        uint256 disputeId = _dispute(batch, 0, 1);
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertEq(market.batch(batchId).finishedBits, 1);
        _expect(
            abi.encodeWithSelector(IMarketErrors.WindowOpen.selector, batchId, committedAt + 100)
        );
        market.settleBatch(batch);
        _passWindow(batchId);
        uint256 before = _balance(provider);
        _forget(batchId, batch);
        vm.assertEq(_balance(provider), before);
        vm.assertEq(_stateOf(jobId).committedTasks, 0);
        vm.assertEq(_stateOf(jobId).escrowWei, 20 ether);
    }

    /// @dev Two disputes about one lease: the first finishes it. The second must find that it is moot,
    /// though all else of the batch is over, or the lease's tasks would be freed twice.
    function test_AFinishedBatchStaysWhileADisputeIsOpen() external {
        LeaseResult memory wrong = _leaseWithFault(jobId, 4, 6, 5);
        (bytes32 batchId, Batch memory batch) = _commit(_two(_lease(jobId, 0, 4), wrong));
        uint256 second = _dispute(batch, 1, 6);
        _lose(batch, wrong, 1, 5);
        _passWindow(batchId);
        _expectSettled(batchId, 0, 1);
        market.settleBatch(batch);
        vm.assertEq(market.batch(batchId).finishedBits, 3);
        vm.assertEq(market.batch(batchId).disputedBits, 2);
        vm.assertEq(_stateOf(jobId).committedTasks, 0);
        vm.assertTrue(market.isMoot(second));
        _expectNothing(batchId, batch);
        arbiter.resolve(second);
        vm.assertEq(uint8(market.dispute(second).verdict), uint8(Verdict.None));
        vm.assertEq(market.account(provider).strikes, 1);
        vm.assertEq(market.account(provider).openDisputes, 0);
        vm.assertEq(_stateOf(jobId).committedTasks, 0);
        _forget(batchId, batch);
    }

    function test_AConcededLeaseIsNeverPaid() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        uint256 disputeId = _dispute(batch, 1, 5);
        vm.prank(provider);
        market.concede(disputeId);
        _passWindow(batchId);
        _expectSettled(batchId, 1, 0);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
        vm.assertEq(_stateOf(jobId).escrowWei, 16 ether);
        _expectGone(batchId);
    }

    // ------------------------------------------------------------------------------ forfeits

    /// @dev The provider loses a dispute about another lease of its.
    function _slash() internal {
        LeaseResult memory wrong = _leaseWithFault(jobId, 10, 2, 11);
        (, Batch memory batch) = _commitOne(wrong);
        _lose(batch, wrong, 0, 11);
        vm.assertEq(market.account(provider).strikes, 1);
    }

    function test_ASlashedProviderForfeitsWhatIsUnvested() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        _slash();
        _passWindow(batchId);
        for (uint256 i; i < 2; ++i) {
            vm.expectEmit(address(market));
            emit IMarketEvents.LeaseReleased(batchId, batch.lines[i].leaseId, jobId);
        }
        _expectSettled(batchId, 0, 3);
        uint256 before = _balance(provider);
        market.settleBatch(batch);
        JobState memory state = _stateOf(jobId);
        vm.assertEq(state.committedTasks, 0);
        vm.assertEq(state.settledTasks, 0);
        vm.assertEq(state.escrowWei, 20 ether);
        vm.assertEq(state.flags, JobWords.OPENED | JobWords.RELEASED);
        vm.assertEq(_balance(provider), before);
        vm.assertEq(_stakeOf(provider), 0);
        for (uint32 task; task < 12; ++task) {
            vm.assertFalse(market.isTaskCommitted(jobId, task));
        }
    }

    function test_OnlyTheSlashedProviderForfeits() external {
        bytes32 otherId = _openOther();
        (bytes32 batchId, Batch memory batch) = _mixed(otherId);
        LeaseResult memory wrong = _leaseWithFault(otherId, 10, 2, 11);
        (, Batch memory faulty) = _commitOne(wrong);
        _lose(faulty, wrong, 0, 11);
        _passWindow(batchId);
        _expectSettled(batchId, 6, 9);
        market.settleBatch(batch);
        vm.assertEq(_stakeOf(challenger), 11 ether);
        vm.assertEq(_stakeOf(provider), 0);
        vm.assertEq(_stateOf(jobId).settledTasks, 8);
        vm.assertEq(_stateOf(jobId).committedTasks, 8);
        vm.assertEq(_stateOf(otherId).settledTasks, 3);
        vm.assertEq(_stateOf(otherId).committedTasks, 3);
        _expectGone(batchId);
    }

    /// @dev 26 leases of 4096 tasks: more than one transaction frees. Their roots are never opened.
    function _commitHuge() internal returns (bytes32 hugeId, bytes32 batchId, Batch memory batch) {
        Job memory job = _job();
        (job.taskCount, job.maxPricePerTask, job.nonce) = (26 * 4096, 0.001 ether, 3);
        hugeId = _open(job);
        LeaseResult[] memory leases = new LeaseResult[](26);
        for (uint32 i; i < 26; ++i) {
            leases[i] = _lease(hugeId, i * 4096, 1);
            (leases[i].count, leases[i].amount) = (4096, 4.096 ether);
        }
        (batchId, batch) = _commit(leases);
    }

    function test_ForfeitsInParts_WhatOneTransactionCannotFree() external {
        (bytes32 hugeId, bytes32 batchId, Batch memory batch) = _commitHuge();
        _slash();
        _passWindow(batchId);
        _expectSettled(batchId, 0, (1 << 24) - 1);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(hugeId).committedTasks, 2 * 4096);
        vm.assertEq(market.batch(batchId).finishedBits, (1 << 24) - 1);
        _expectSettled(batchId, 0, 3 << 24);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(hugeId).committedTasks, 0);
        _expectGone(batchId);
    }

    function test_NothingIsForfeitedBeforeTheWindowEnds() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        _slash();
        vm.warp(committedAt + 100);
        _expect(
            abi.encodeWithSelector(IMarketErrors.WindowOpen.selector, batchId, committedAt + 100)
        );
        market.settleBatch(batch);
    }

    function test_WhatWasSettledBeforeTheSlashStaysPaid() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        _passWindow(batchId);
        market.settleBatch(batch);
        _slash();
        vm.assertEq(_stateOf(jobId).settledTasks, 10);
        vm.assertEq(_stateOf(jobId).escrowWei, 10 ether);
    }

    function test_WorkAfterTheSlashIsPaid() external {
        (bytes32 batchId, Batch memory batch) = _commit(_leases());
        _slash();
        _passWindow(batchId);
        market.settleBatch(batch);
        _forward(1);
        (bytes32 later, Batch memory again) = _commitOne(_lease(jobId, 0, 4));
        _passWindow(later);
        market.settleBatch(again);
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
    }
}
