// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Job} from "../../src/types/Job.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A provider and its friend keep one dispute after the other open about a job of their own,
/// so that an old lease is never paid, and its job never closed.
contract EndlessDisputesTest is Fixture {
    bytes32 internal jobId;
    bytes32 internal ownJobId;
    bytes32 internal batchId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        Job memory own = _job();
        own.nonce = 2;
        own.deadline = uint40(START + 30 days);
        ownJobId = _open(own);
        (batchId,) = _commitOne(_lease(jobId, 0, 4));
        _passWindow(batchId);
    }

    function _keepInDispute(uint32 task) internal {
        (, Batch memory later) = _commitOne(_lease(ownJobId, task, 1));
        _dispute(later, 0, task);
    }

    function test_ADisputeHoldsPayBackOnlyForSoLong() external {
        uint256 heldUntil = _windowEndsAt(batchId) + 1000;
        Batch memory batch = _committed(batchId);
        _keepInDispute(0);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, batchId));
        market.settleBatch(batch);
        vm.warp(heldUntil);
        _keepInDispute(1);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, batchId));
        market.settleBatch(batch);
        vm.warp(heldUntil + 1);
        market.settleBatch(batch);
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
        vm.warp(START + 2 hours);
        market.closeJob(_jobOf[jobId]);
        vm.assertEq(_stateOf(jobId).escrowWei, 0);
    }

    /// @dev The lease in dispute itself stays unpaid for as long as its own dispute lasts.
    function test_ALeaseInDisputeIsNeverPaidByTime() external {
        (bytes32 later, Batch memory batch) = _commitOne(_lease(ownJobId, 0, 1));
        _passSeed(later);
        _dispute(batch, 0, 0);
        vm.warp(_now() + 10_000);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingToSettle.selector, later));
        market.settleBatch(batch);
    }

    /// @dev As if so many disputes about the provider's own jobs were open: bits 224 to 247 of its account's
    /// first word.
    function _countAsOpen(uint256 disputes) internal {
        bytes32 slot = keccak256(abi.encode(provider, uint256(0)));
        uint256 word = uint256(vm.load(address(market), slot));
        vm.store(address(market), slot, bytes32(word | disputes << 224));
        vm.assertEq(market.account(provider).openDisputes, disputes);
    }

    /// @dev With a counter of 16 bits, 650,000 credits of bonds, which come back, would shield whatever the
    /// provider commits: no further dispute could be opened.
    function test_NobodyFillsTheCounterOfDisputes() external {
        (, Batch memory batch) = _commitOne(_lease(ownJobId, 0, 1));
        _countAsOpen(type(uint16).max);
        _dispute(batch, 0, 0);
        vm.assertEq(market.account(provider).openDisputes, 65_536);
        vm.assertEq(market.account(provider).epoch, 0);
        vm.assertEq(market.account(provider).forfeitBlock, 0);
    }

    /// @dev 16.7 million bonds, of 10 credits at the least.
    function test_TheCounterHoldsMoreThanMoneyCanOpen() external {
        (, Batch memory batch) = _commitOne(_lease(ownJobId, 0, 1));
        _countAsOpen(type(uint24).max - 1);
        _dispute(batch, 0, 0);
        vm.assertEq(market.account(provider).openDisputes, type(uint24).max);
        vm.assertEq(market.account(provider).epoch, 0);
    }
}
