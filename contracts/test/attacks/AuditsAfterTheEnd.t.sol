// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {AuditClaim} from "../../src/types/AuditResult.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A provider without stake concedes its garbage, for nothing, to a friend. No task of the lease can be
/// contested any more, so no verifier can be contradicted about it: friends among the verifiers would
/// "audit" all of it, and take the requester's audit escrow.
contract AuditsAfterTheEndTest is Fixture {
    bytes32 internal jobId;
    bytes32 internal batchId;

    /// @dev A lease of 20 tasks, of which task 1 is the one looked at; the seed is fixed.
    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        (batchId,) = _commitOne(_leaseWithFault(jobId, 0, 20, 1));
        _fixSeed(batchId);
        uint256 disputeId = _dispute(_committed(batchId), 0, 0);
        vm.prank(provider);
        market.concede(disputeId);
    }

    function _expectFinished() internal {
        _expect(abi.encodeWithSelector(IMarketErrors.LeaseFinished.selector, batchId, 0));
    }

    function test_WhatIsLostIsNoLongerAudited() external {
        Batch memory batch = _committed(batchId);
        AuditClaim memory claim = _claimFor(batchId, batch, 0, 1, 0, 1);
        _expectFinished();
        _accept(batch, claim);
        vm.assertEq(_stateOf(jobId).auditEscrowWei, 24 ether);
        _expectFinished();
        _dispute(batch, 0, 1);
    }

    /// @dev Not months later either: after its window anyone makes Market forget the batch.
    function test_WhatIsLostIsForgotten() external {
        _wait(40 days);
        Batch memory batch = _committed(batchId);
        AuditClaim memory claim = _claimFor(batchId, batch, 0, 1, 0, 1);
        _expectFinished();
        _accept(batch, claim);
        vm.prank(stranger);
        market.settleBatch(batch);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, batchId));
        _accept(batch, claim);
        vm.assertEq(_stateOf(jobId).auditEscrowWei, 24 ether);
    }
}
