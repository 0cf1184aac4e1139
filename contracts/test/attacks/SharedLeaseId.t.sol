// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {AuditClaim} from "../../src/types/AuditResult.sol";
import {Batch, Signature} from "../../src/types/Batch.sol";
import {Job} from "../../src/types/Job.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Operator, requester and provider are one attacker. It gives one lease id to two jobs, with one
/// tree of results: right for the first, wrong for the second. What an honest verifier signs about the first
/// names batch, lease id and task, so it would count for the second as well: that audit is accepted, the task
/// contested and lost, and the verifier contradicted. Or it signs two honest words, about one job each,
/// that do not go together.
contract SharedLeaseIdTest is Fixture {
    bytes32 internal constant SHARED = keccak256("one lease id, two jobs");
    LeaseResult internal right;
    LeaseResult internal wrong;

    function setUp() public override {
        super.setUp();
        right = _sharedLease(11);
        wrong = _sharedLease(12);
    }

    /// @dev A job of one task, for dust.
    function _sharedLease(uint256 nonce) internal returns (LeaseResult memory) {
        Job memory job = _job();
        job.nonce = nonce;
        job.taskCount = 1;
        job.maxPricePerTask = 1000;
        job.auditBudget = 3000;
        job.specHash = keccak256(abi.encode("spec", nonce));
        bytes32 root = _treeRoot(SHARED, 0, 1, NO_TASK);
        return LeaseResult(SHARED, _open(job), provider, 0, 1, 1000, root);
    }

    function test_ABatchTakesNoLeaseIdTwice() external {
        LeaseResult[] memory leases = _two(right, wrong);
        Batch memory batch = _batchOf(leases);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        _expect(abi.encodeWithSelector(IMarketErrors.LeasesNotInOrder.selector, SHARED));
        _commitSigned(batch, signatures);
    }

    /// @dev Nor with another lease between the two.
    function test_NorFartherApart() external {
        LeaseResult[] memory leases = new LeaseResult[](3);
        (leases[0], leases[1], leases[2]) = (right, _lease(_openDefault(), 0, 1), wrong);
        leases[1].leaseId = bytes32(type(uint256).max);
        Batch memory batch = _batchOf(leases);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        _expect(abi.encodeWithSelector(IMarketErrors.LeasesNotInOrder.selector, SHARED));
        _commitSigned(batch, signatures);
    }

    /// @dev In two batches they may share one: what a verifier signs names the batch.
    function test_AWordAboutOneBatchIsNoneAboutAnother() external {
        (bytes32 firstId, Batch memory first) = _commitOne(right);
        (bytes32 secondId, Batch memory second) = _commitOne(wrong);
        _passSeed(secondId);
        AuditClaim memory given = _claim(firstId, first, 0, 0);
        AuditClaim memory stolen = _claim(secondId, second, 0, 0);
        stolen.signature = given.signature;
        _expect(_badSignature(stolen.verifier));
        _accept(second, stolen);
        _accept(first, given);
        vm.assertEq(market.acceptedAudit(firstId, 0, 0, 0).acceptedBlock, vm.getBlockNumber());
        vm.assertEq(market.acceptedAudit(secondId, 0, 0, 0).acceptedBlock, 0);
    }
}
