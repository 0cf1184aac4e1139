// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {AuditClaim, AuditResult, AuditResultHash} from "../../src/types/AuditResult.sol";
import {Delegation, DelegationHash} from "../../src/types/Delegation.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {CommittedLease, LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice What the rules do not prevent, to the wei: docs/threat-model.md, "What is not defended
/// yet". When one of these fails, the rules have become better, and that page must say so.
contract KnownLimitsTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    function _friendly(uint32 task, uint32 count) internal returns (uint256 disputeId) {
        (uint256 batchId, CommittedLease[] memory leases) =
            _commitOne(_leaseWithFault(jobId, task, count, task));
        disputeId = _dispute(batchId, leases, 0, task);
    }

    /// @dev Caught for the first time: the lease's pay and an audit's fee, here to its own friend.
    function test_AnIdentitysFirstConcessionCostsItNoStake() external {
        vm.prank(provider);
        market.stake(60 ether);
        uint256 disputeId = _friendly(0, 4);
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertEq(_stakeOf(provider) + _balance(challenger), FUNDS + 60 ether);
        vm.prank(provider);
        market.requestUnstake(58.8 ether);
        vm.warp(_now() + 1000);
        vm.prank(provider);
        market.unstake();
    }

    /// @dev Who contests its own task before an honest verifier does keeps the challenger's part.
    function test_AFriendlyChallengerReturnsThirtyPercentOfASlash() external {
        vm.prank(provider);
        market.stake(100 ether);
        uint256 disputeId = _friendly(0, 4);
        vm.prank(provider);
        market.concede(disputeId);
        uint256 before = _balance(challenger);
        disputeId = _friendly(4, 4);
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertEq(_balance(challenger), before + 18 ether);
    }

    /// @dev The only vote that is revealed decides, however large the committee.
    function test_OneRevealedVoteDecides() external {
        vm.prank(provider);
        market.stake(60 ether);
        (uint256 batchId, CommittedLease[] memory leases) = _commitOne(_lease(jobId, 0, 4));
        uint256 disputeId = _dispute(batchId, leases, 0, 1);
        address[] memory members = _drawCommittee(disputeId);
        _vote(disputeId, members[0], keccak256("lie"));
        vm.warp(_now() + 21);
        _reveal(disputeId, members[0], keccak256("lie"));
        _openClaim(disputeId, leases[0].result, 1, NO_TASK);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ProviderLost);
        vm.assertEq(_stakeOf(provider), 0);
    }

    /// @dev A digest out of thin air, signed by the drawn verifier, is paid.
    function test_AVerifierIsPaidForWhateverItSigned() external {
        (uint256 batchId, CommittedLease[] memory leases) = _commitOne(_lease(jobId, 0, 4));
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 0, 1);
        claim.taskDigest = keccak256("never computed");
        AuditResult memory result =
            AuditResult(batchId, leases[0].result.leaseId, 1, claim.taskDigest, claim.salt);
        claim.signature = _sign(_verifierKey(claim.verifier), AuditResultHash.hash(result));
        uint256 before = _balance(claim.verifier);
        _pay(batchId, claim);
        vm.assertEq(_balance(claim.verifier), before + 1.2 ether);
    }

    /// @dev Any address can be claimed as a device. It loses no right that it has of its own.
    function test_AStrangerMayClaimAWalletAsItsDevice() external {
        Delegation memory squat = Delegation(stranger, provider, type(uint40).max, 1);
        market.delegate(squat, _sign(STRANGER_KEY, DelegationHash.hash(squat)));
        LeaseResult[] memory leases = _one(_lease(jobId, 0, 4));
        bytes[] memory signatures = _signLeases(PROVIDER_KEY, leases);
        vm.prank(operator);
        market.commitBatch(leases, signatures);
        vm.prank(provider);
        market.stake(1 ether);
        Delegation memory late = Delegation(challenger, provider, type(uint40).max, 1);
        bytes memory signature = _sign(CHALLENGER_KEY, DelegationHash.hash(late));
        _expect(abi.encodeWithSelector(IMarketErrors.DeviceTaken.selector, provider, stranger));
        market.delegate(late, signature);
    }

    /// @dev Whoever keeps everybody from fixing a seed for 256 blocks has it drawn again.
    function test_AForgottenSeedIsDrawnAgain() external {
        (uint256 batchId,) = _commitOne(_lease(jobId, 0, 4));
        uint256 seedBlock = market.batch(batchId).seedBlock;
        vm.roll(seedBlock + 257);
        market.fixSeed(batchId);
        IMarket.Batch memory state = market.batch(batchId);
        vm.assertEq(state.seed, 0);
        vm.assertTrue(state.seedBlock > seedBlock);
    }
}
