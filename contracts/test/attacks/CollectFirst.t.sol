// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    AuditClaim,
    AuditCommitment,
    AuditCommitmentHash,
    Equivocation
} from "../../src/types/AuditResult.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

/// @notice Who has done wrong hurries: it has its fee paid, its seat left or its stake asked for, before
/// anybody can show what it did.
contract CollectFirstTest is Fixture {
    bytes32 internal jobId;
    bytes32 internal batchId;
    LeaseResult internal lease;
    address internal verifier;
    uint32 internal seatId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    function _acceptOf(uint256 wrong) internal {
        lease = _leaseWithFault(jobId, 0, 4, wrong);
        (batchId,) = _commitOne(lease);
        _passSeed(batchId);
        Batch memory batch = _committed(batchId);
        AuditClaim memory claim = _claimFor(batchId, batch, 0, 1, 0, wrong);
        _accept(batch, claim);
        verifier = claim.verifier;
        seatId = market.acceptedAudit(batchId, 0, 1, 0).seatId;
    }

    function _ids() internal view returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = seatId;
    }

    function _payAsVerifier() internal {
        Batch memory batch = _committed(batchId);
        vm.prank(verifier);
        market.payAudits(batch, _refs(0, 1, 0));
    }

    function _seatWei() internal view returns (uint256 stakeWei) {
        (stakeWei,,) = market.seatStake(seatId);
    }

    function test_BeforeAContradiction() external {
        _acceptOf(1);
        vm.prank(verifier);
        market.leaveSeats(_ids());
        uint256 disputeId = _dispute(_committed(batchId), 0, 1);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, lease, 1, 1);
        arbiter.resolve(disputeId);
        uint256 before = _balance(verifier);
        _payAsVerifier();
        bytes32[] memory proof = Trees.proof(_resultLeaves(lease.leaseId, 0, 4, 1), 1);
        vm.prank(stranger);
        market.contradict(disputeId, 0, keccak256("wrong"), _salt(1), proof);
        vm.assertEq(_balance(verifier), before);
        vm.assertEq(_seatWei(), 0);
        vm.assertEq(_balance(stranger), 15 ether);
    }

    function _twoWords() internal view returns (Equivocation memory) {
        AuditClaim memory claim = _claim(batchId, _committed(batchId), 0, 1);
        bytes32 made = keccak256("nonsense");
        bytes32 structHash =
            AuditCommitmentHash.hash(AuditCommitment(batchId, lease.leaseId, 1, made));
        return Equivocation(
            0,
            1,
            0,
            made,
            _sign(_verifierKey(verifier), structHash),
            claim.taskDigest,
            claim.salt,
            claim.signature
        );
    }

    function test_BeforeItsTwoWordsAreShown() external {
        _acceptOf(NO_TASK);
        Equivocation memory found = _twoWords();
        vm.prank(verifier);
        market.leaveSeats(_ids());
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        _payAsVerifier();
        Batch memory batch = _committed(batchId);
        vm.prank(stranger);
        market.reportEquivocation(batch, found);
        vm.assertEq(_seatWei(), 0);
        vm.assertEq(_balance(verifier), FUNDS - 100 ether + 1.2 ether);
    }

    function test_ByReportingItself() external {
        _acceptOf(NO_TASK);
        Equivocation memory found = _twoWords();
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        _payAsVerifier();
        Batch memory batch = _committed(batchId);
        vm.prank(verifier);
        market.reportEquivocation(batch, found);
        vm.assertEq(_balance(verifier), FUNDS - 100 ether + 1.2 ether + 15 ether);
        vm.assertEq(market.burntWei(), 85 ether);
    }

    /// @dev The rest of its stake pays, wherever it is: as much as if it had waited.
    function test_BeforeItIsFoundOutOfTolerance() external {
        vm.prank(provider);
        market.stake(120 ether);
        (, Batch memory other) = _commitOne(_lease(jobId, 4, 4));
        lease = _leaseWithFault(jobId, 0, 4, 1);
        (, Batch memory batch) = _commitOne(lease);
        uint256 disputeId = _dispute(batch, 0, 1);
        uint256 conceded = _dispute(other, 0, 4);
        vm.startPrank(provider);
        market.requestUnstake(120 ether);
        market.concede(conceded);
        vm.stopPrank();
        _voteAll(disputeId, _drawCommittee(disputeId), TaskResult.OUT_OF_TOLERANCE);
        _openClaim(disputeId, lease, 1, 1);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.OutOfTolerance);
        vm.assertEq(market.account(provider).unstakingWei, 20 ether);
        vm.assertEq(_balance(provider), FUNDS - 120 ether);
    }
}
