// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Sampling} from "../../src/libraries/Sampling.sol";
import {AuditClaim, AuditResult, AuditResultHash} from "../../src/types/AuditResult.sol";
import {Job} from "../../src/types/Job.sol";
import {CommittedLease} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract PayAuditsTest is Fixture {
    bytes32 internal jobId;
    uint256 internal batchId;
    CommittedLease[] internal leases;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        _batch();
    }

    /// @dev The provider has no stake: every task is drawn.
    function _batch() internal {
        CommittedLease[] memory committed;
        (batchId, committed) = _commit(_two(_lease(jobId, 0, 4), _lease(jobId, 4, 6)));
        delete leases;
        for (uint256 i; i < committed.length; ++i) {
            leases.push(committed[i]);
        }
    }

    function _expectRefused(AuditClaim memory claim, bytes memory error_) internal {
        AuditClaim[] memory claims = new AuditClaim[](1);
        claims[0] = claim;
        _expect(error_);
        market.payAudits(batchId, claims);
    }

    /// @dev The first drawn task from `task` on.
    function _nextDrawn(CommittedLease memory lease, uint32 task) internal view returns (uint32) {
        bytes32 seed = market.batch(batchId).seed;
        uint32 end = lease.result.firstTask + lease.result.count;
        while (
            task < end && !Sampling.isAudited(seed, lease.result.leaseId, task, lease.auditRatePpm)
        ) ++task;
        return task;
    }

    function test_PaysTheDrawnVerifier() external {
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 0, 2);
        vm.expectEmit(address(market));
        emit IMarketEvents.AuditPaid(
            batchId, claim.lease.result.leaseId, claim.verifier, jobId, 2, 1.2 ether
        );
        vm.prank(stranger);
        _pay(batchId, claim);
        vm.assertEq(_balance(claim.verifier), FUNDS - 100 ether + 1.2 ether);
        vm.assertEq(market.job(jobId).auditEscrowWei, 22.8 ether);
        vm.assertTrue(market.isAuditPaid(batchId, 0, 2));
    }

    function test_ADeviceOfTheVerifierMaySign() external {
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 0, 2);
        _delegate(_verifierKey(claim.verifier), stranger, uint40(START + 1 days), 1);
        AuditResult memory result =
            AuditResult(batchId, claim.lease.result.leaseId, 2, claim.taskDigest, claim.salt);
        claim.signature = _sign(STRANGER_KEY, AuditResultHash.hash(result));
        _pay(batchId, claim);
    }

    function test_PaysWhatIsLeftOfTheEscrow() external {
        Job memory job = _job();
        job.auditBudget = 0.5 ether;
        job.nonce = 2;
        jobId = _open(job);
        CommittedLease[] memory more;
        (batchId, more) = _commitOne(_lease(jobId, 0, 20));
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, more, 0, _nextDrawn(more[0], 0));
        _pay(batchId, claim);
        vm.assertEq(_balance(claim.verifier), FUNDS - 100 ether + 0.5 ether);
        vm.assertEq(market.job(jobId).auditEscrowWei, 0);
    }

    function test_RevertWhen_PaidBefore() external {
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 0, 2);
        _pay(batchId, claim);
        _expectRefused(
            claim,
            abi.encodeWithSelector(
                IMarketErrors.AuditAlreadyPaid.selector, claim.lease.result.leaseId, 2
            )
        );
    }

    function test_RevertWhen_TheSeedIsNotFixed() external {
        AuditClaim memory claim;
        _expectRefused(claim, abi.encodeWithSelector(IMarketErrors.SeedNotFixed.selector, batchId));
    }

    function test_RevertWhen_TheLeaseIsNotTheBatchs() external {
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 0, 2);
        claim.lease.auditRatePpm = 999_999;
        _expectRefused(claim, abi.encodeWithSelector(IMarketErrors.WrongLease.selector, batchId, 0));
    }

    function test_RevertWhen_TheTaskIsNotInTheLease() external {
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 1, 4);
        claim.task = 3;
        _expectRefused(
            claim,
            abi.encodeWithSelector(
                IMarketErrors.TaskNotInLease.selector, claim.lease.result.leaseId, 3
            )
        );
    }

    function test_RevertWhen_TheTaskIsNotDrawn() external {
        vm.prank(provider);
        market.stake(1000 ether);
        CommittedLease[] memory few;
        (batchId, few) = _commitOne(_lease(jobId, 10, 10));
        _fixSeed(batchId);
        bytes32 seed = market.batch(batchId).seed;
        uint32 task = 10;
        bytes32 leaseId = few[0].result.leaseId;
        while (Sampling.isAudited(seed, leaseId, task, few[0].auditRatePpm)) ++task;
        _expectRefused(
            _claim(batchId, few, 0, task),
            abi.encodeWithSelector(IMarketErrors.TaskNotDrawn.selector, leaseId, task)
        );
    }

    function test_RevertWhen_TheVerifierIsNotTheDrawnOne() external {
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 0, 2);
        claim.verifier = claim.verifier == _verifier(0) ? _verifier(1) : _verifier(0);
        _expectRefused(
            claim,
            abi.encodeWithSelector(
                IMarketErrors.VerifierNotDrawn.selector, claim.verifier, claim.attempt
            )
        );
    }

    /// @dev A later attempt only counts if every earlier one found nobody.
    function test_RevertWhen_AnEarlierAttemptFindsSomebody() external {
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 0, 2);
        for (claim.attempt += 1;; ++claim.attempt) {
            uint32 seatId = Sampling.seatFor(
                market.batch(batchId).seed, claim.lease.result.leaseId, 2, claim.attempt, 5
            );
            address other = market.seat(seatId).holder;
            if (other == claim.verifier) continue;
            claim.verifier = other;
            break;
        }
        _expectRefused(
            claim,
            abi.encodeWithSelector(
                IMarketErrors.VerifierNotDrawn.selector, claim.verifier, claim.attempt
            )
        );
    }

    function test_RevertWhen_TheAttemptIsOutOfRange() external {
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 0, 2);
        claim.attempt = 64;
        _expectRefused(
            claim,
            abi.encodeWithSelector(IMarketErrors.VerifierNotDrawn.selector, claim.verifier, 64)
        );
    }

    /// @dev The provider holds most seats: draws that find it are passed over.
    function test_PassesOverTheProvidersOwnSeats() external {
        vm.prank(provider);
        market.takeSeats(60);
        _forward(1);
        CommittedLease[] memory more;
        (batchId, more) = _commitOne(_lease(jobId, 10, 10));
        _fixSeed(batchId);
        uint256 skipped;
        uint32 task = 10;
        for (; (task = _nextDrawn(more[0], task)) < 20; ++task) {
            AuditClaim memory claim = _claim(batchId, more, 0, task);
            skipped += claim.attempt;
            _pay(batchId, claim);
        }
        vm.assertTrue(skipped > 0);
    }

    function test_RevertWhen_TheSeatWasTakenAfterTheCommitment() external {
        vm.prank(stranger);
        token.approve(address(market), type(uint256).max);
        token.mint(stranger, 6400 ether);
        vm.startPrank(stranger);
        market.deposit(6400 ether);
        market.takeSeats(64);
        vm.stopPrank();
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 0, 2);
        claim.verifier = stranger;
        for (claim.attempt = 0; claim.attempt < 64; ++claim.attempt) {
            AuditClaim[] memory claims = new AuditClaim[](1);
            claims[0] = claim;
            _expect(
                abi.encodeWithSelector(
                    IMarketErrors.VerifierNotDrawn.selector, stranger, claim.attempt
                )
            );
            market.payAudits(batchId, claims);
        }
    }

    function test_RevertWhen_TheResultIsForged() external {
        _fixSeed(batchId);
        AuditClaim memory claim = _claim(batchId, leases, 0, 2);
        claim.taskDigest = keccak256("another");
        _expectRefused(claim, _badSignature(claim.verifier));
    }

    function test_RevertWhen_TheJobIsClosed() external {
        _fixSeed(batchId);
        _passWindow(batchId);
        market.settleBatch(batchId, leases);
        vm.warp(START + 2 hours);
        market.closeJob(jobId);
        _expectRefused(
            _claim(batchId, leases, 0, 2),
            abi.encodeWithSelector(IMarketErrors.JobAlreadyClosed.selector, jobId)
        );
    }
}
