// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../../src/interfaces/IAnnex.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {AcceptedAudit, AuditClaim} from "../../src/types/AuditResult.sol";
import {Batch} from "../../src/types/Batch.sol";
import {DisputeStatus, Ruling, Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Request} from "../../src/types/Request.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

/// @notice A verifier that computes nothing can only earn by the provider's own digest. Once that
/// is found wrong, so is the audit; and no other verifier can be touched.
contract ContradictTest is Fixture {
    uint32 internal constant TASK = 1;
    bytes32 internal constant WRONG = keccak256("wrong");

    bytes32 internal jobId;
    bytes32 internal batchId;
    uint256 internal disputeId;
    LeaseResult internal lease;
    uint256 internal wrongTask;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    // ------------------------------------------------------------------------------ steps

    /// @dev The provider has no stake: every task is audited.
    function _commitLease(uint256 wrong) internal {
        lease = _leaseWithFault(jobId, 0, 4, wrong);
        wrongTask = wrong;
        (batchId,) = _commitOne(lease);
        _passSeed(batchId);
    }

    /// @dev Somebody is found to have found what the provider found.
    function _audit(uint256 round) internal returns (address verifier, uint32 seatId) {
        Batch memory batch = _committed(batchId);
        AuditClaim memory claim = _claimFor(batchId, batch, 0, TASK, round, wrongTask);
        _accept(batch, claim);
        seatId = market.acceptedAudit(batchId, 0, TASK, uint8(round)).seatId;
        vm.assertEq(market.seat(seatId).holder, claim.verifier);
        return (claim.verifier, seatId);
    }

    function _vote() internal {
        disputeId = _dispute(_committed(batchId), 0, TASK);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(TASK));
    }

    function _resolve(bool isOpened) internal {
        if (isOpened) _openClaim(disputeId, lease, TASK, wrongTask);
        else vm.warp(uint256(arbiter.committee(disputeId).openBy) + 1);
        arbiter.resolve(disputeId);
    }

    function _lose() internal {
        _vote();
        _resolve(true);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ProviderLost);
        vm.assertEq(market.dispute(disputeId).ruledDigest, _honest(TASK));
    }

    function _proof() internal view returns (bytes32[] memory) {
        return Trees.proof(_resultLeaves(lease.leaseId, 0, 4, wrongTask), TASK);
    }

    function _contradict(uint8 round, bytes32 digest) internal {
        bytes32[] memory proof = _proof();
        vm.prank(stranger);
        market.contradict(disputeId, round, digest, _salt(TASK), proof);
    }

    function _expectRefused(uint8 round, bytes32 digest, bytes memory error_) internal {
        bytes32[] memory proof = _proof();
        _expect(error_);
        market.contradict(disputeId, round, digest, _salt(TASK), proof);
    }

    function _expectNotContradicted(bytes32 digest) internal {
        _expectRefused(
            0, digest, abi.encodeWithSelector(IMarketErrors.NotContradicted.selector, disputeId)
        );
    }

    function _seatWei(uint32 seatId) internal view returns (uint256 stakeWei) {
        (stakeWei,,) = market.seatStake(seatId);
    }

    function _leave(address holder, uint32 seatId) internal {
        vm.prank(holder);
        market.leaveSeats(_ids(seatId));
    }

    function _release(address holder, uint32 seatId) internal {
        vm.prank(holder);
        market.releaseSeats(_ids(seatId));
    }

    function _ids(uint32 seatId) internal pure returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = seatId;
    }

    // ------------------------------------------------------------------------------ it loses

    function test_TheVerifierLosesItsSeat() external {
        _commitLease(TASK);
        (address verifier, uint32 seatId) = _audit(0);
        _lose();
        uint256 burnt = market.burntWei();
        uint256 before = _balance(verifier);
        bytes32[] memory proof = _proof();
        vm.expectEmit(address(market));
        emit IMarketEvents.SeatSlashed(seatId, verifier, disputeId);
        vm.expectEmit(address(market));
        emit IMarketEvents.SeatVacated(seatId, verifier);
        vm.prank(stranger);
        market.contradict(disputeId, 0, WRONG, _salt(TASK), proof);
        vm.assertEq(_seatWei(seatId), 0);
        vm.assertEq(market.seat(seatId).vacatedBlock, vm.getBlockNumber());
        vm.assertEq(_balance(stranger), 15 ether);
        vm.assertEq(market.burntWei(), burnt + 85 ether);
        vm.assertEq(_balance(verifier), before);
        AcceptedAudit memory done = market.acceptedAudit(batchId, 0, TASK, 0);
        vm.assertTrue(done.isRefuted);
        vm.assertEq(done.seatId, seatId);
        vm.assertEq(done.feeWei, 1.2 ether); // it goes back to the requester
        vm.warp(_now() + 1000);
        _expect(abi.encodeWithSelector(IMarketErrors.SeatEmpty.selector, seatId));
        _release(verifier, seatId);
    }

    function test_NobodyElseLosesAnything() external {
        _commitLease(TASK);
        (, uint32 seatId) = _audit(0);
        _lose();
        _contradict(0, WRONG);
        for (uint32 other; other < VERIFIERS; ++other) {
            if (other == seatId) continue;
            vm.assertEq(_seatWei(other), 100 ether);
            vm.assertEq(market.seat(other).vacatedBlock, 0);
        }
    }

    function test_BothRoundsVerifiersLoseTheirs() external {
        _commitLease(TASK);
        (, uint32 firstSeat) = _audit(0);
        (, uint32 secondSeat) = _audit(1);
        vm.assertTrue(firstSeat != secondSeat);
        _lose();
        _contradict(1, WRONG);
        vm.assertEq(_seatWei(firstSeat), 100 ether);
        vm.assertEq(_seatWei(secondSeat), 0);
        _contradict(0, WRONG);
        vm.assertEq(_seatWei(firstSeat), 0);
        vm.assertEq(_balance(stranger), 30 ether);
    }

    /// @dev Whoever holds the provider's opening may show it at any time.
    function test_AlsoWhereAWrongClaimWasNeverOpened() external {
        _commitLease(TASK);
        (, uint32 seatId) = _audit(0);
        _vote();
        _resolve(false);
        _contradict(0, WRONG);
        vm.assertEq(_seatWei(seatId), 0);
    }

    function test_LeavingDoesNotHelp() external {
        _commitLease(TASK);
        (address verifier, uint32 seatId) = _audit(0);
        _leave(verifier, seatId);
        _lose();
        _contradict(0, WRONG);
        vm.assertEq(_seatWei(seatId), 0);
        vm.assertEq(_balance(stranger), 15 ether);
    }

    function test_TheSignerOfARelayedRequestIsPaid() external {
        _commitLease(TASK);
        _audit(0);
        _lose();
        bytes memory data =
            abi.encodeCall(IAnnex.contradict, (disputeId, 0, WRONG, _salt(TASK), _proof()));
        (Request memory request, bytes memory signature) =
            _request(CHALLENGER_KEY, data, 1 ether, 7);
        uint256 before = _balance(challenger);
        vm.prank(stranger);
        market.relay(request, 1 ether, signature);
        vm.assertEq(_balance(challenger), before + 14 ether);
        vm.assertEq(_balance(stranger), 1 ether);
    }

    /// @dev It is on a committee meanwhile: that dispute ends without its stake. And nobody is paid for
    /// it, since it may be the verifier itself that hurries: see attacks/SelfReport.tree.
    function test_ASeatOnDutyIsSlashedOnce_AndPaysNobody() external {
        _commitLease(TASK);
        uint256 other = _dispute(_committed(batchId), 0, 0);
        (, uint32 seatId) = _audit(0);
        _lose();
        vm.assertTrue(market.isMoot(other));
        vm.prank(address(arbiter));
        market.holdSeats(other, _ids(seatId));
        uint256 burnt = market.burntWei();
        _contradict(0, WRONG);
        vm.assertEq(_balance(stranger), 0);
        vm.assertEq(market.burntWei(), burnt + 100 ether);
        burnt = market.burntWei();
        Ruling memory ruling;
        ruling.seatIds = _ids(seatId);
        ruling.offenders = 1;
        vm.prank(address(arbiter));
        market.rule(other, ruling);
        (uint96 stakeWei,, uint32 duties) = market.seatStake(seatId);
        vm.assertEq(stakeWei, 0);
        vm.assertEq(duties, 0);
        vm.assertEq(market.burntWei(), burnt);
    }

    // ------------------------------------------------------------------------------ too late

    function test_RevertWhen_SomebodyElseSitsThereNow() external {
        _commitLease(TASK);
        (address verifier, uint32 seatId) = _audit(0);
        _lose();
        _leave(verifier, seatId);
        vm.warp(_now() + 1000);
        _release(verifier, seatId);
        vm.prank(challenger);
        market.takeSeats(1);
        vm.assertEq(market.seat(seatId).holder, challenger);
        _expectRefused(0, WRONG, abi.encodeWithSelector(IMarketErrors.SeatEmpty.selector, seatId));
        vm.assertEq(_seatWei(seatId), 100 ether);
    }

    function test_APaidOutSeatHasNothingToTake() external {
        _commitLease(TASK);
        (address verifier, uint32 seatId) = _audit(0);
        _lose();
        _leave(verifier, seatId);
        vm.warp(_now() + 1000);
        _release(verifier, seatId);
        uint256 burnt = market.burntWei();
        _contradict(0, WRONG);
        vm.assertEq(_balance(stranger), 0);
        vm.assertEq(market.burntWei(), burnt);
        vm.prank(challenger);
        market.takeSeats(1);
        vm.assertEq(market.seat(seatId).holder, challenger);
        vm.assertEq(_seatWei(seatId), 100 ether);
    }

    // ------------------------------------------------------------------------------ honest ones

    /// @dev The provider was right and kept silent: so was the verifier.
    function test_RevertWhen_TheRightClaimWasNeverOpened() external {
        _commitLease(NO_TASK);
        _audit(0);
        _vote();
        _resolve(false);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ProviderLost);
        _expectNotContradicted(_honest(TASK));
        _expectNotContradicted(WRONG);
    }

    function test_RevertWhen_ItIsTheRuledDigest() external {
        _commitLease(TASK);
        _audit(0);
        _lose();
        _expectNotContradicted(_honest(TASK));
    }

    function test_RevertWhen_TheOpeningIsNotTheProviders() external {
        _commitLease(TASK);
        _audit(0);
        _lose();
        _expectNotContradicted(keccak256("made up"));
        bytes32[] memory proof = _proof();
        bytes memory error_ =
            abi.encodeWithSelector(IMarketErrors.NotContradicted.selector, disputeId);
        _expect(error_);
        market.contradict(disputeId, 0, WRONG, _salt(2), proof);
        _expect(error_);
        market.contradict(disputeId, 0, WRONG, _salt(TASK), new bytes32[](0));
        bytes32[] memory honest = Trees.proof(_resultLeaves(lease.leaseId, 0, 4, TASK), 2);
        _expect(error_);
        market.contradict(disputeId, 0, _honest(2), _salt(2), honest);
    }

    function test_RevertWhen_TheProviderConceded() external {
        _commitLease(TASK);
        _audit(0);
        disputeId = _dispute(_committed(batchId), 0, TASK);
        _expectNotContradicted(WRONG);
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertTrue(market.dispute(disputeId).status == DisputeStatus.Conceded);
        _expectNotContradicted(WRONG);
    }

    function test_RevertWhen_TheDisputeIsOpenOrVoid() external {
        _commitLease(TASK);
        _audit(0);
        disputeId = _dispute(_committed(batchId), 0, TASK);
        _drawCommittee(disputeId);
        _expectNotContradicted(WRONG);
        vm.warp(uint256(arbiter.committee(disputeId).commitBy) + 1);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.None);
        _expectNotContradicted(WRONG);
    }

    /// @dev Both verdicts finish the lease, and neither says which digest is right.
    function test_RevertWhen_TheCommitteeNamedNoDigest() external {
        for (uint256 i; i < 2; ++i) {
            _commitLease(TASK);
            _audit(0);
            disputeId = _dispute(_committed(batchId), 0, TASK);
            Ruling memory ruling;
            ruling.verdict = i == 0 ? Verdict.OutOfTolerance : Verdict.Unavailable;
            ruling.digest = i == 0 ? TaskResult.OUT_OF_TOLERANCE : TaskResult.UNAVAILABLE;
            vm.prank(address(arbiter));
            market.rule(disputeId, ruling);
            _expectNotContradicted(WRONG);
            _expectNotContradicted(ruling.digest);
            _forward(1);
        }
    }

    function test_RevertWhen_TheDisputeWasMoot() external {
        _commitLease(TASK);
        _audit(0);
        uint256 first = _dispute(_committed(batchId), 0, 0);
        disputeId = _dispute(_committed(batchId), 0, TASK);
        vm.prank(provider);
        market.concede(first);
        Ruling memory ruling;
        ruling.verdict = Verdict.ProviderLost;
        ruling.digest = _honest(TASK);
        vm.prank(address(arbiter));
        market.rule(disputeId, ruling);
        _expectNotContradicted(WRONG);
    }

    function test_RevertWhen_TheChallengerLost() external {
        _commitLease(NO_TASK);
        _audit(0);
        _vote();
        _resolve(true);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ChallengerLost);
        _expectNotContradicted(_honest(TASK));
        _expectNotContradicted(WRONG);
    }

    // ------------------------------------------------------------------------------ once, there

    function test_RevertWhen_ThatRoundWasNotAccepted() external {
        _commitLease(TASK);
        _audit(0);
        _lose();
        _expectRefused(1, WRONG, _notAccepted(1));
        _expectRefused(2, WRONG, _notAccepted(2));
        _expectRefused(255, WRONG, _notAccepted(255));
    }

    function _notAccepted(uint256 round) internal view returns (bytes memory) {
        return
            abi.encodeWithSelector(IMarketErrors.AuditNotAccepted.selector, batchId, 0, TASK, round);
    }

    function test_RevertWhen_NoAuditWasAccepted() external {
        _commitLease(TASK);
        _lose();
        _expectRefused(0, WRONG, _notAccepted(0));
    }

    /// @dev Audits of the lease's other tasks are not in question.
    function test_RevertWhen_OnlyAnotherTaskWasAudited() external {
        _commitLease(TASK);
        Batch memory batch = _committed(batchId);
        _accept(batch, _claimFor(batchId, batch, 0, 2, 0, TASK));
        _lose();
        _expectRefused(0, WRONG, _notAccepted(0));
    }

    function test_RevertWhen_ContradictedBefore() external {
        _commitLease(TASK);
        (, uint32 seatId) = _audit(0);
        _lose();
        _contradict(0, WRONG);
        _expectRefused(0, WRONG, _notAccepted(0));
        vm.assertEq(_seatWei(seatId), 0);
    }

    /// @dev Else a verifier whose seat has nothing left could have it accepted and contradicted in turns,
    /// until the audit escrow is empty. The ruling has finished the lease, and finished leases are not audited.
    function test_AContradictedAuditIsNotAcceptedAgain() external {
        _commitLease(TASK);
        (address verifier,) = _audit(0);
        _lose();
        _contradict(0, WRONG);
        Batch memory batch = _committed(batchId);
        AuditClaim memory claim = _claimFor(batchId, batch, 0, TASK, 0, TASK);
        vm.assertEq(claim.verifier, verifier);
        _expect(abi.encodeWithSelector(IMarketErrors.LeaseFinished.selector, batchId, 0));
        _accept(batch, claim);
    }

    function test_RevertWhen_ThereIsNoSuchDispute() external {
        _commitLease(TASK);
        _expectRefused(0, WRONG, abi.encodeWithSelector(IMarketErrors.UnknownDispute.selector, 0));
        disputeId = 1;
        _expectRefused(0, WRONG, abi.encodeWithSelector(IMarketErrors.UnknownDispute.selector, 1));
    }
}
