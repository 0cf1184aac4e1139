// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Dispute, DisputeStatus} from "../../src/types/Dispute.sol";
import {CommittedLease} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

contract OpenDisputeTest is Fixture {
    bytes32 internal jobId;
    uint256 internal batchId;
    CommittedLease[] internal leases;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        CommittedLease[] memory committed;
        (batchId, committed) = _commit(_two(_lease(jobId, 0, 4), _lease(jobId, 4, 6)));
        for (uint256 i; i < committed.length; ++i) {
            leases.push(committed[i]);
        }
    }

    function _expectRefused(uint16 index, uint32 task, bytes memory error_) internal {
        bytes32[] memory proof = Trees.proof(_leaves(leases), index);
        _expect(error_);
        vm.prank(challenger);
        market.openDispute(batchId, leases[index], index, proof, task);
    }

    function test_TakesTheBondAndStopsTheLease() external {
        bytes32[] memory proof = Trees.proof(_leaves(leases), 1);
        vm.expectEmit(address(market));
        emit IMarketEvents.DisputeOpened(
            1, leases[1].result.leaseId, challenger, batchId, 5, provider, leases[1], 1
        );
        vm.prank(challenger);
        uint256 disputeId = market.openDispute(batchId, leases[1], 1, proof, 5);
        vm.assertEq(_balance(challenger), FUNDS - 10 ether);
        vm.assertEq(market.batch(batchId).disputedBitmap, 2);
        Dispute memory contested = market.dispute(disputeId);
        vm.assertEq(contested.leaseId, leases[1].result.leaseId);
        vm.assertEq(contested.challenger, challenger);
        vm.assertEq(contested.openedBlock, vm.getBlockNumber());
        vm.assertEq(contested.seatCount, VERIFIERS);
        vm.assertTrue(contested.status == DisputeStatus.Open);
    }

    /// @dev An accomplice that contests an honest task cannot shield a wrong one.
    function test_OtherTasksOfTheLeaseCanBeContestedMeanwhile() external {
        _dispute(batchId, leases, 1, 5);
        _dispute(batchId, leases, 1, 6);
        vm.assertEq(market.disputeCount(), 2);
    }

    function test_RevertWhen_TheTaskWasContestedBefore() external {
        _dispute(batchId, leases, 1, 5);
        _expectRefused(
            1,
            5,
            abi.encodeWithSelector(
                IMarketErrors.TaskAlreadyDisputed.selector, leases[1].result.leaseId, 5
            )
        );
    }

    function test_RevertWhen_TheWindowIsOver() external {
        _fixSeed(batchId);
        uint256 endsAt = market.batch(batchId).windowEndsAt;
        vm.warp(endsAt);
        _dispute(batchId, leases, 1, 5);
        vm.warp(endsAt + 1);
        _expectRefused(
            1, 6, abi.encodeWithSelector(IMarketErrors.WindowOver.selector, batchId, endsAt)
        );
    }

    function test_RevertWhen_TheLeaseIsNotThere() external {
        bytes32[] memory proof = Trees.proof(_leaves(leases), 0);
        _expect(abi.encodeWithSelector(IMarketErrors.WrongLease.selector, batchId, 0));
        market.openDispute(batchId, leases[1], 0, proof, 5);
        _expect(abi.encodeWithSelector(IMarketErrors.WrongLease.selector, batchId, 2));
        market.openDispute(batchId, leases[1], 2, proof, 5);
    }

    function test_RevertWhen_TheTaskIsNotInTheLease() external {
        _expectRefused(
            0,
            4,
            abi.encodeWithSelector(
                IMarketErrors.TaskNotInLease.selector, leases[0].result.leaseId, 4
            )
        );
    }

    function test_RevertWhen_TheBondIsMissing() external {
        bytes32[] memory proof = Trees.proof(_leaves(leases), 1);
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.InsufficientBalance.selector, stranger, 10 ether, 0
            )
        );
        vm.prank(stranger);
        market.openDispute(batchId, leases[1], 1, proof, 5);
    }

    function test_RevertWhen_TheLeaseIsFinished() external {
        uint256 disputeId = _dispute(batchId, leases, 1, 5);
        vm.prank(provider);
        market.concede(disputeId);
        _expectRefused(
            1, 6, abi.encodeWithSelector(IMarketErrors.LeaseFinished.selector, batchId, 1)
        );
    }

    function test_RevertWhen_Unknown() external {
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownDispute.selector, 1));
        market.dispute(1);
    }
}
