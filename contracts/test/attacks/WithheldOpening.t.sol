// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../../src/types/Batch.sol";
import {Verdict} from "../../src/types/Dispute.sol";
import {Job} from "../../src/types/Job.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Operator, requester and provider are one attacker, with a job for dust and right results. It
/// shows its digests to no verifier, so that honest ones contest, and opens them to the committees: all
/// those bonds are lost. They must not become its income.
contract WithheldOpeningTest is Fixture {
    uint8 internal constant LEASES = 8;
    LeaseResult[] internal leases;
    bytes32 internal batchId;

    /// @dev Leases of one task each; the provider has no stake, so every one of them is audited.
    function setUp() public override {
        super.setUp();
        Job memory job = _job();
        job.maxPricePerTask = 1000;
        job.auditBudget = 0;
        job.relayerFee = 0;
        bytes32 jobId = _open(job);
        for (uint32 i; i < LEASES; ++i) {
            LeaseResult memory lease = _lease(jobId, i, 1);
            lease.amount = 1000;
            leases.push(lease);
        }
        (batchId,) = _commit(leases);
        _passSeed(batchId);
    }

    function _attackersWei() internal view returns (uint256) {
        return _balance(provider) + _stakeOf(provider) + _balance(operator) + _balance(requester);
    }

    function _verifiersWei() internal view returns (uint256 sum) {
        for (uint256 i; i < VERIFIERS; ++i) {
            sum += _balance(_verifier(i));
        }
    }

    function _contestAll() internal {
        Batch memory batch = _committed(batchId);
        for (uint8 i; i < LEASES; ++i) {
            (address drawn,) = _draw(batchId, leases[i].leaseId, i, 0);
            vm.prank(drawn);
            market.openDispute(batch, i, i);
        }
    }

    /// @dev Only now does it show what it had committed to.
    function _judge(uint256 disputeId, uint32 task) internal {
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(task));
        _openClaim(disputeId, leases[task], task, NO_TASK);
        arbiter.resolve(disputeId);
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.ChallengerLost);
    }

    function test_LostBondsBringTheProviderNothing() external {
        uint256 attackersWei = _attackersWei();
        uint256 verifiersWei = _verifiersWei();
        _contestAll();
        for (uint32 i; i < LEASES; ++i) {
            _judge(i + 1, i);
        }
        vm.assertEq(_attackersWei(), attackersWei);
        uint256 lostWei = uint256(LEASES) * 10 ether;
        // Half comes back to those who judged; of each half a third or two cannot be divided.
        uint256 backWei = uint256(LEASES) * (5 ether / uint256(3) * 3);
        vm.assertEq(_verifiersWei(), verifiersWei - lostWei + backWei);
        vm.assertEq(market.burntWei(), lostWei - backWei);
    }
}
