// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../../src/interfaces/IAnnex.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Pricing} from "../../src/libraries/Pricing.sol";
import {Sampling} from "../../src/libraries/Sampling.sol";
import {
    AuditClaim,
    AuditCommitment,
    AuditCommitmentHash,
    AuditRef,
    Equivocation
} from "../../src/types/AuditResult.sol";
import {Batch, BatchId, OwnerFields, PartyFields} from "../../src/types/Batch.sol";
import {Ruling, Verdict} from "../../src/types/Dispute.sol";
import {Job} from "../../src/types/Job.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Request} from "../../src/types/Request.sol";
import {Fixture} from "../Fixture.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

/// @notice Fees of accepted audits, once it is known what the audits were worth.
contract PayAuditsTest is Fixture {
    uint32 internal constant TASK = 2;
    uint256 internal constant FEE = 1.2 ether;

    bytes32 internal jobId;
    bytes32 internal batchId;
    LeaseResult internal lease;
    address internal verifier;
    uint32 internal seatId;

    /// @dev The provider has no stake: every task is drawn. An audit of the first of two leases is accepted.
    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        lease = _lease(jobId, 0, 4);
        (batchId,) = _commit(_two(lease, _lease(jobId, 4, 6)));
        _passSeed(batchId);
        _acceptOf(0, TASK);
    }

    // ------------------------------------------------------------------------------ steps

    function _batch() internal view returns (Batch memory) {
        return _committed(batchId);
    }

    /// @dev The one that is looked at, from now on.
    function _acceptOf(uint8 line, uint32 task) internal {
        AuditClaim memory claim = _claim(batchId, _batch(), line, task);
        _accept(_batch(), claim);
        verifier = claim.verifier;
        seatId = market.acceptedAudit(batchId, line, task, 0).seatId;
    }

    function _settle() internal {
        _passWindow(batchId);
        market.settleBatch(_batch());
    }

    function _pay() internal {
        Batch memory batch = _batch();
        vm.prank(stranger);
        market.payAudits(batch, _refs(0, TASK, 0));
    }

    function _expectRefused(AuditRef[] memory refs, bytes memory error_) internal {
        Batch memory batch = _batch();
        _expect(error_);
        market.payAudits(batch, refs);
    }

    function _noFee(uint8 line, uint32 task, uint8 round) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IMarketErrors.NoFeeLeft.selector, batchId, line, task, round);
    }

    function _notFinished(uint8 line) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IMarketErrors.LeaseNotFinished.selector, batchId, line);
    }

    /// @dev Pay it: it is the verifier's.
    function _requireEarned() internal {
        _requirePaidTo(verifier, requester);
    }

    /// @dev Pay it: it is the requester's.
    function _requireReturned() internal {
        _requirePaidTo(requester, verifier);
    }

    function _requirePaidTo(address payee, address other) internal {
        (uint256 before, uint256 others) = (_balance(payee), _balance(other));
        Batch memory batch = _batch();
        vm.expectEmit(address(market));
        emit IMarketEvents.AuditPaid(batchId, batch.lines[0].leaseId, payee, jobId, TASK, 0, FEE);
        vm.prank(stranger);
        market.payAudits(batch, _refs(0, TASK, 0));
        vm.assertEq(_balance(payee), before + FEE);
        vm.assertEq(_balance(other), others);
        vm.assertEq(market.acceptedAudit(batchId, 0, TASK, 0).feeWei, 0);
        _expectRefused(_refs(0, TASK, 0), _noFee(0, TASK, 0));
    }

    function _ids() internal view returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = seatId;
    }

    function _leave() internal {
        vm.prank(verifier);
        market.leaveSeats(_ids());
    }

    function _release() internal {
        vm.prank(verifier);
        market.releaseSeats(_ids());
    }

    function _sitDown(address who) internal {
        vm.prank(who);
        market.takeSeats(1);
        vm.assertEq(market.seat(seatId).holder, who);
    }

    function _concede(Batch memory batch, uint8 line, uint32 task) internal {
        uint256 disputeId = _dispute(batch, line, task);
        vm.prank(provider);
        market.concede(disputeId);
    }

    function _rule(Verdict verdict) internal {
        uint256 disputeId = _dispute(_batch(), 0, 1);
        Ruling memory ruling;
        ruling.verdict = verdict;
        vm.prank(address(arbiter));
        market.rule(disputeId, ruling);
    }

    // ------------------------------------------------------------------------------ settled

    function test_TheVerifierIsPaidWhenTheLeaseIsSettled() external {
        uint256 before = _balance(verifier);
        _settle();
        vm.assertEq(_balance(verifier), before);
        _requireEarned();
        vm.assertFalse(market.acceptedAudit(batchId, 0, TASK, 0).isRefuted);
    }

    function test_AlsoLongAfterTheBatchIsForgotten() external {
        _settle();
        vm.assertEq(market.batch(batchId).lineCount, 0);
        _wait(400 days);
        vm.roll(vm.getBlockNumber() + 1_000_000);
        _requireEarned();
    }

    /// @dev The other lease's dispute, held longer than pay waits for it, keeps the batch.
    function test_AlsoWhileTheBatchIsKeptForAnotherLease() external {
        _acceptOf(1, 5);
        _acceptOf(0, 3);
        AuditClaim memory claim = _claim(batchId, _batch(), 0, TASK);
        (verifier, seatId) = (claim.verifier, market.acceptedAudit(batchId, 0, TASK, 0).seatId);
        _dispute(_batch(), 1, 4);
        vm.warp(_windowEndsAt(batchId) + 1001);
        market.settleBatch(_batch());
        vm.assertEq(market.batch(batchId).finishedBits, 1);
        _expectRefused(_refs(1, 5, 0), _notFinished(1));
        _requireEarned();
    }

    /// @dev What the closed job returned did not hold the fee.
    function test_AlsoWhenTheJobIsClosed() external {
        _settle();
        vm.warp(START + 2 hours);
        market.closeJob(_jobOf[jobId]);
        vm.assertEq(_balance(requester), FUNDS - 10.1 ether - FEE);
        _requireEarned();
        vm.assertEq(_balance(requester), FUNDS - 10.1 ether - FEE);
    }

    /// @dev The last task of all is paid: the job closes by itself, with an audit not paid yet.
    function test_AlsoWhenTheSettlementClosedTheJob() external {
        Job memory job = _job();
        job.taskCount = 4;
        job.nonce = 2;
        jobId = _open(job);
        (batchId,) = _commitOne(_lease(jobId, 0, 4));
        _passSeed(batchId);
        _acceptOf(0, TASK);
        _settle();
        vm.assertEq(_stateOf(jobId).flags & 4, 4);
        _requireEarned();
    }

    function test_WhatIsLeftOfTheBudgetIsPaid() external {
        Job memory job = _job();
        job.auditBudget = 1.5 ether;
        job.nonce = 2;
        jobId = _open(job);
        (batchId,) = _commitOne(_lease(jobId, 0, 20));
        _passSeed(batchId);
        _acceptOf(0, 0);
        _acceptOf(0, 1);
        (address second, uint256 before) = (verifier, _balance(verifier));
        _acceptOf(0, 2);
        _settle();
        market.payAudits(_batch(), _refs(0, 1, 0));
        vm.assertEq(_balance(second), before + 0.3 ether);
        _expectRefused(_refs(0, 2, 0), _noFee(0, 2, 0));
    }

    function test_BothRoundsAndSeveralLeasesAtOnce() external {
        bytes32 leaseId = _batch().lines[1].leaseId;
        uint32 task = 4;
        while (_rounds(leaseId, task) != 2) ++task;
        _accept(_batch(), _claimIn(batchId, _batch(), 1, task, 0));
        _accept(_batch(), _claimIn(batchId, _batch(), 1, task, 1));
        _settle();
        uint256 before = _verifiersWei();
        AuditRef[] memory refs = new AuditRef[](3);
        (refs[0], refs[1], refs[2]) =
        (AuditRef(1, task, 1), AuditRef(0, TASK, 0), AuditRef(1, task, 0));
        market.payAudits(_batch(), refs);
        vm.assertEq(_verifiersWei(), before + 3 * FEE);
        _expectRefused(refs, _noFee(1, task, 1));
    }

    function _rounds(bytes32 leaseId, uint32 task) internal view returns (uint256) {
        uint32 rate = Pricing.auditRatePpm(1 ether, 0);
        return Sampling.auditRounds(market.seedOf(batchId), leaseId, task, rate);
    }

    function _verifiersWei() internal view returns (uint256 sum) {
        for (uint256 i; i < VERIFIERS; ++i) {
            sum += _balance(_verifier(i));
        }
    }

    function test_AlsoAfterADisputeThatCameToNothing() external {
        _rule(Verdict.None);
        _expectRefused(_refs(0, TASK, 0), _notFinished(0));
        _settle();
        _requireEarned();
    }

    function test_AlsoWhenTheChallengerLost() external {
        _rule(Verdict.ChallengerLost);
        _expectRefused(_refs(0, TASK, 0), _notFinished(0));
        _settle();
        _requireEarned();
    }

    // ------------------------------------------------------------------------------ seats

    function test_AlsoWhenTheVerifierHasLeft() external {
        _leave();
        _settle();
        _requireEarned();
    }

    function test_AlsoWhenTheSeatWasPaidOutAndIsNobodys() external {
        _settle();
        _leave();
        _wait(1000);
        _release();
        _requireEarned();
    }

    /// @dev What it did elsewhere has cost it a seat already.
    function test_AlsoWhenTheSeatWasLostForSomethingElse() external {
        uint256 disputeId = _dispute(_batch(), 1, 4);
        Ruling memory ruling;
        ruling.seatIds = _ids();
        ruling.offenders = 1;
        vm.startPrank(address(arbiter));
        market.holdSeats(disputeId, ruling.seatIds);
        market.rule(disputeId, ruling);
        vm.stopPrank();
        _settle();
        _requireEarned();
    }

    function test_ReturnsWhenSomebodyElseSitsThereNow() external {
        _settle();
        _leave();
        _wait(1000);
        _release();
        _sitDown(challenger);
        uint256 before = _balance(challenger);
        _requireReturned();
        vm.assertEq(_balance(challenger), before);
    }

    /// @dev Market keeps who sits where now, not who sat there then.
    function test_ReturnsWhenTheVerifierSatDownAgain() external {
        _settle();
        _leave();
        _wait(1000);
        _release();
        _sitDown(verifier);
        _requireReturned();
    }

    function test_ReturnsWhenTheSeatWasTakenInTheBlockOfTheAcceptance() external {
        AuditClaim memory claim;
        for (uint32 task = 4; claim.verifier != verifier; ++task) {
            claim = _claim(batchId, _batch(), 1, task);
        }
        _leave();
        _wait(1000);
        _accept(_batch(), claim);
        _release();
        _sitDown(challenger);
        market.settleBatch(_batch());
        uint256 before = _balance(requester);
        market.payAudits(_batch(), _refs(1, claim.task, 0));
        vm.assertEq(_balance(requester), before + FEE);
    }

    // ------------------------------------------------------------------------------ lost

    function test_ReturnsWhenTheProviderConceded() external {
        _concede(_batch(), 0, 1);
        _requireReturned();
    }

    /// @dev Another task's mistake is enough: of a lost lease nothing is known to be right.
    function test_ReturnsWhenTheProviderLost() external {
        _rule(Verdict.ProviderLost);
        _requireReturned();
    }

    function test_ReturnsWhenItIsOutOfTolerance() external {
        _rule(Verdict.OutOfTolerance);
        _requireReturned();
    }

    function test_ReturnsWhenItsInputsWereUnavailable() external {
        _rule(Verdict.Unavailable);
        _requireReturned();
    }

    /// @dev Of the batch, one lease is lost, the other is settled.
    function test_OnlyTheLostLeasesFeeReturns() external {
        _acceptOf(1, 5);
        (address other, uint256 before) = (verifier, _balance(verifier));
        verifier = _claim(batchId, _batch(), 0, TASK).verifier;
        _rule(Verdict.Unavailable);
        _settle();
        market.payAudits(_batch(), _refs(1, 5, 0));
        vm.assertEq(_balance(other), before + FEE);
        _requireReturned();
    }

    /// @dev A second concession, elsewhere, forfeits whatever the provider had committed.
    function test_ReturnsWhenTheLeaseWasForfeited() external {
        (, Batch memory other) = _commit(_two(_lease(jobId, 10, 2), _lease(jobId, 12, 2)));
        _concede(other, 0, 10);
        _concede(other, 1, 12);
        _expectRefused(_refs(0, TASK, 0), _notFinished(0));
        _settle();
        vm.assertFalse(market.isTaskCommitted(jobId, TASK));
        _requireReturned();
    }

    function test_ReturnsThoughTheJobIsClosedAndTheBatchForgotten() external {
        _concede(_batch(), 0, 1);
        _settle();
        vm.assertEq(market.batch(batchId).lineCount, 0);
        vm.warp(START + 2 hours);
        market.closeJob(_jobOf[jobId]);
        _requireReturned();
        vm.assertEq(_balance(requester), FUNDS - 6.1 ether);
    }

    /// @dev The same tasks, done again and settled: what was agreed about the lost lease stays unpaid.
    function test_ReturnsThoughTheTasksWereDoneAgain() external {
        _rule(Verdict.Unavailable);
        _forward(1);
        (bytes32 againId, Batch memory again) = _commitOne(_lease(jobId, 0, 4));
        _passWindow(againId);
        market.settleBatch(again);
        _requireReturned();
    }

    // ------------------------------------------------------------------------------ refuted

    function _twoWords() internal view returns (Equivocation memory) {
        AuditClaim memory claim = _claim(batchId, _batch(), 0, TASK);
        bytes32 made = keccak256("nonsense");
        bytes32 structHash = AuditCommitmentHash.hash(
            AuditCommitment(batchId, _batch().lines[0].leaseId, TASK, made)
        );
        return Equivocation(
            0,
            TASK,
            0,
            made,
            _sign(_verifierKey(claim.verifier), structHash),
            claim.taskDigest,
            claim.salt,
            claim.signature
        );
    }

    function test_ReturnsWhenTheVerifierHadCommittedToSomethingElse() external {
        Equivocation memory found = _twoWords();
        market.reportEquivocation(_batch(), found);
        vm.assertTrue(market.acceptedAudit(batchId, 0, TASK, 0).isRefuted);
        _expectRefused(_refs(0, TASK, 0), _notFinished(0));
        _settle();
        _requireReturned();
    }

    function test_AlsoIfThatIsShownOnlyAfterTheSettlement() external {
        Equivocation memory found = _twoWords();
        _settle();
        market.reportEquivocation(_batch(), found);
        _requireReturned();
    }

    /// @dev A fee that was paid stays where it is; the seat is lost all the same, once.
    function test_APaidVerifierLosesItsSeat() external {
        Equivocation memory found = _twoWords();
        _settle();
        _requireEarned();
        market.reportEquivocation(_batch(), found);
        (uint96 stakeWei,,) = market.seatStake(seatId);
        vm.assertEq(stakeWei, 0);
        Batch memory batch = _batch();
        _expect(
            abi.encodeWithSelector(IMarketErrors.AuditNotAccepted.selector, batchId, 0, TASK, 0)
        );
        market.reportEquivocation(batch, found);
        _expectRefused(_refs(0, TASK, 0), _noFee(0, TASK, 0));
    }

    function _loseWrongLease() internal returns (uint256 disputeId) {
        lease = _leaseWithFault(jobId, 10, 4, 11);
        (batchId,) = _commitOne(lease);
        _passSeed(batchId);
        _accept(_batch(), _claimFor(batchId, _batch(), 0, 11, 0, 11));
        disputeId = _dispute(_batch(), 0, 11);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(11));
        _openClaim(disputeId, lease, 11, 11);
        arbiter.resolve(disputeId);
    }

    /// @dev In whichever order.
    function test_ReturnsWhenItWasContradicted() external {
        for (uint256 i; i < 2; ++i) {
            uint256 disputeId = _loseWrongLease();
            uint256 before = _balance(requester);
            if (i == 1) market.payAudits(_batch(), _refs(0, 11, 0));
            bytes32[] memory proof = Trees.proof(_resultLeaves(lease.leaseId, 10, 4, 11), 1);
            market.contradict(disputeId, 0, keccak256("wrong"), _salt(11), proof);
            if (i == 0) market.payAudits(_batch(), _refs(0, 11, 0));
            vm.assertEq(_balance(requester), before + FEE);
            vm.assertTrue(market.acceptedAudit(batchId, 0, 11, 0).isRefuted);
            _forward(1);
        }
    }

    // ------------------------------------------------------------------------------ refused

    function test_RevertWhen_TheLeaseIsNotFinished() external {
        _expectRefused(_refs(0, TASK, 0), _notFinished(0));
        _passWindow(batchId);
        _expectRefused(_refs(0, TASK, 0), _notFinished(0));
        _wait(30 days);
        _expectRefused(_refs(0, TASK, 0), _notFinished(0));
    }

    function test_RevertWhen_TheLeaseIsInDispute() external {
        _dispute(_batch(), 0, 1);
        vm.warp(_windowEndsAt(batchId) + 1001);
        market.settleBatch(_batch());
        vm.assertEq(market.batch(batchId).finishedBits, 2);
        _expectRefused(_refs(0, TASK, 0), _notFinished(0));
    }

    function test_RevertWhen_ItWasNotAccepted() external {
        _settle();
        _expectRefused(_refs(0, TASK + 1, 0), _noFee(0, TASK + 1, 0));
        _expectRefused(_refs(1, TASK, 0), _noFee(1, TASK, 0));
        _expectRefused(_refs(0, TASK, 1), _noFee(0, TASK, 1));
        _expectRefused(_refs(0, TASK, 255), _noFee(0, TASK, 255));
        _expectRefused(_refs(2, TASK, 0), _noFee(2, TASK, 0));
        _expectRefused(_refs(255, type(uint32).max, 0), _noFee(255, type(uint32).max, 0));
    }

    function test_RevertWhen_ItWasPaid() external {
        _settle();
        _pay();
        _expectRefused(_refs(0, TASK, 0), _noFee(0, TASK, 0));
    }

    function test_RevertWhen_TheSameTwiceAtOnce() external {
        _settle();
        AuditRef[] memory refs = new AuditRef[](2);
        refs[0] = refs[1] = AuditRef(0, TASK, 0);
        _expectRefused(refs, _noFee(0, TASK, 0));
        _requireEarned();
    }

    /// @dev One that is refused takes the others of its call with it.
    function test_RevertWhen_OneOfManyIsRefused() external {
        _settle();
        AuditRef[] memory refs = new AuditRef[](2);
        (refs[0], refs[1]) = (AuditRef(0, TASK, 0), AuditRef(1, 5, 0));
        _expectRefused(refs, _noFee(1, 5, 0));
        _requireEarned();
    }

    /// @dev Another requester, provider, or result in it would have the fee go elsewhere.
    function test_RevertWhen_TheBatchIsNotTheCommittedOne() external {
        _settle();
        Batch memory batch = _batch();
        batch.jobs[0].owner = OwnerFields.pack(stranger, 20);
        _expectForged(batch);
        batch = _batch();
        batch.providers[0] = PartyFields.pack(stranger, 0);
        _expectForged(batch);
        batch = _batch();
        batch.lines[0].resultRoot = keccak256("another");
        _expectForged(batch);
        batch = _batch();
        batch.operator = stranger;
        _expectForged(batch);
        Batch memory none;
        _expectForged(none);
        _requireEarned();
    }

    function _expectForged(Batch memory batch) internal {
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.NoFeeLeft.selector, BatchId.idOf(batch), 0, TASK, 0
            )
        );
        market.payAudits(batch, _refs(0, TASK, 0));
    }

    function test_RevertWhen_NoneOrTooManyAreNamed() external {
        _settle();
        _expectRefused(
            new AuditRef[](0), abi.encodeWithSelector(IMarketErrors.TooMany.selector, 0, 64)
        );
        _expectRefused(
            new AuditRef[](65), abi.encodeWithSelector(IMarketErrors.TooMany.selector, 65, 64)
        );
    }

    // ------------------------------------------------------------------------------ relayed

    function test_ARelayedCallPaysTheVerifier() external {
        _settle();
        bytes memory data = abi.encodeCall(IAnnex.payAudits, (_batch(), _refs(0, TASK, 0)));
        (Request memory request, bytes memory signature) =
            _request(CHALLENGER_KEY, data, 0.2 ether, 7);
        uint256 before = _balance(verifier);
        vm.prank(stranger);
        market.relay(request, 0.15 ether, signature);
        vm.assertEq(_balance(verifier), before + FEE);
        vm.assertEq(_balance(challenger), FUNDS - 0.15 ether);
        vm.assertEq(_balance(stranger), 0.15 ether);
    }

    /// @dev So may acceptance be, and it names the verifier itself.
    function test_ARelayedAcceptanceIsTheDrawnVerifiers() external {
        AuditClaim[] memory claims = new AuditClaim[](1);
        claims[0] = _claim(batchId, _batch(), 0, 1);
        bytes memory data =
            abi.encodeCall(IAnnex.acceptAudits, (_batch(), uint24(VERIFIERS), claims));
        (Request memory request, bytes memory signature) =
            _request(CHALLENGER_KEY, data, 0.2 ether, 7);
        vm.prank(stranger);
        market.relay(request, 0.1 ether, signature);
        uint32 drawn = market.acceptedAudit(batchId, 0, 1, 0).seatId;
        vm.assertEq(market.seat(drawn).holder, claims[0].verifier);
        vm.assertEq(_balance(challenger), FUNDS - 0.1 ether);
    }
}
