// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {AuditClaim, AuditResult, AuditResultHash} from "../../src/types/AuditResult.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

/// @notice A verifier wants its fee without computing, and a provider its pay without being audited. The
/// fee is for finding the provider's digest, which only the provider can open.
contract LazyVerifierTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    function _claimWith(bytes32 batchId, Batch memory batch, bytes32 digest)
        internal
        view
        returns (AuditClaim memory claim)
    {
        claim = _claim(batchId, batch, 0, 1);
        claim.taskDigest = digest;
        AuditResult memory result =
            AuditResult(batchId, batch.lines[0].leaseId, 1, digest, claim.salt);
        claim.signature = _sign(_verifierKey(claim.verifier), AuditResultHash.hash(result));
    }

    function _expectDisagrees(Batch memory batch, AuditClaim memory claim) internal {
        _expect(
            abi.encodeWithSelector(IMarketErrors.AuditDisagrees.selector, batch.lines[0].leaseId, 1)
        );
        _accept(batch, claim);
    }

    function test_ADigestOutOfThinAirIsNotAccepted() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        _passSeed(batchId);
        _expectDisagrees(batch, _claimWith(batchId, batch, keccak256("never computed")));
    }

    function test_TheRightDigestIsNotAcceptedWithoutTheProvidersOpening() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        _passSeed(batchId);
        AuditClaim memory claim = _claim(batchId, batch, 0, 1);
        claim.leafSalt = keccak256("guessed");
        _expectDisagrees(batch, claim);
        claim.leafSalt = _salt(2);
        claim.proof = _claim(batchId, batch, 0, 2).proof;
        _expectDisagrees(batch, claim);
    }

    /// @dev A seat of 100 credits, and no fee.
    function test_RepeatingAWrongDigestCostsTheSeat() external {
        LeaseResult memory lease = _leaseWithFault(jobId, 0, 4, 1);
        (bytes32 batchId, Batch memory batch) = _commitOne(lease);
        _passSeed(batchId);
        AuditClaim memory claim = _claimFor(batchId, batch, 0, 1, 0, 1);
        _accept(batch, claim);
        uint256 disputeId = _dispute(batch, 0, 1);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, lease, 1, 1);
        arbiter.resolve(disputeId);
        bytes32[] memory proof = Trees.proof(_resultLeaves(lease.leaseId, 0, 4, 1), 1);
        vm.prank(stranger);
        market.contradict(disputeId, 0, keccak256("wrong"), _salt(1), proof);
        uint32 seatId = market.acceptedAudit(batchId, 0, 1, 0).seatId;
        vm.assertEq(market.seat(seatId).holder, claim.verifier);
        (uint96 stakeWei,,) = market.seatStake(seatId);
        vm.assertEq(stakeWei, 0);
        vm.assertEq(_balance(stranger), 15 ether);
        uint256 before = _balance(claim.verifier);
        _payAudit(batch, 0, 1);
        vm.assertEq(_balance(claim.verifier), before);
    }

    /// @dev Nobody opens the claim: a provider that hides what it found cannot win.
    function test_AProviderThatWithholdsTheOpeningLoses() external {
        vm.prank(provider);
        market.stake(1 ether);
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        _passSeed(batchId);
        address verifier = _claim(batchId, batch, 0, 1).verifier;
        vm.prank(verifier);
        uint256 disputeId = market.openDispute(batch, 0, 1);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        vm.warp(uint256(arbiter.committee(disputeId).openBy) + 1);
        uint256 before = _balance(verifier);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ProviderLost);
        vm.assertEq(_balance(verifier), before + 15 ether + 0.15 ether);
        vm.assertEq(_stakeOf(provider), 0);
        vm.assertFalse(market.isTaskCommitted(jobId, 1));
    }
}
