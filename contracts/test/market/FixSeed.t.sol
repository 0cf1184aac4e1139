// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract FixSeedTest is Fixture {
    bytes32 internal batchId;
    uint256 internal seedBlock;
    uint256 internal committedAt;

    function setUp() public override {
        super.setUp();
        (batchId,) = _commitOne(_lease(_openDefault(), 0, 4));
        seedBlock = vm.getBlockNumber() + 2;
        committedAt = _now();
    }

    function test_TheSeedIsKnownOnceItsBlockIsMined() external {
        vm.assertEq(market.seedOf(batchId), 0);
        _forward(2);
        vm.assertEq(market.seedOf(batchId), 0);
        _forward(1);
        vm.assertTrue(blockhash(seedBlock) != 0);
        vm.assertEq(market.seedOf(batchId), _seedFrom(blockhash(seedBlock), batchId));
        _forward(256);
        vm.assertEq(market.seedOf(batchId), 0);
    }

    /// @dev And says so.
    function test_KeepsTheSeedForGood() external {
        _forward(3);
        bytes32 seed = _seedFrom(blockhash(seedBlock), batchId);
        vm.expectEmit(address(market));
        emit IMarketEvents.SeedFixed(batchId, seed);
        vm.prank(stranger);
        market.fixSeed(batchId);
        _forward(300);
        vm.assertEq(blockhash(seedBlock), 0);
        vm.assertEq(market.seedOf(batchId), seed);
    }

    /// @dev To the last block in which the chain knows it.
    function test_KeepsItAsLateAsTheChainKnowsIt() external {
        _forward(258);
        vm.assertTrue(blockhash(seedBlock) != 0);
        bytes32 seed = _seedFrom(blockhash(seedBlock), batchId);
        market.fixSeed(batchId);
        vm.assertEq(market.seedOf(batchId), seed);
    }

    /// @dev Neither before nor after they are fixed: see attacks/SharedDraws.tree.
    function test_BatchesOfOneBlockHaveSeedsOfTheirOwn() external {
        (bytes32 other,) = _commitOne(_lease(_idOf(_job()), 4, 4));
        vm.assertEq(market.batch(other).commitBlock, market.batch(batchId).commitBlock);
        _forward(3);
        vm.assertTrue(market.seedOf(other) != market.seedOf(batchId));
        market.fixSeed(batchId);
        market.fixSeed(other);
        vm.assertTrue(market.seedOf(other) != market.seedOf(batchId));
        vm.assertEq(market.seedOf(other), _seedFrom(blockhash(seedBlock), other));
    }

    function test_ChangesNoWindow() external {
        vm.warp(committedAt + 50);
        _forward(3);
        market.fixSeed(batchId);
        vm.assertEq(market.batch(batchId).committedAt, committedAt);
        vm.assertEq(_windowEndsAt(batchId), committedAt + 100);
    }

    function test_RevertWhen_TheSeedBlockIsNotMined() external {
        _forward(2);
        _expect(abi.encodeWithSelector(IMarketErrors.SeedNotReady.selector, batchId, seedBlock));
        market.fixSeed(batchId);
    }

    function test_RevertWhen_Fixed() external {
        _fixSeed(batchId);
        _expect(abi.encodeWithSelector(IMarketErrors.SeedAlreadyFixed.selector, batchId));
        market.fixSeed(batchId);
    }

    function test_RevertWhen_Unknown() external {
        bytes32 other = keccak256("other");
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, other));
        market.fixSeed(other);
        vm.assertEq(market.seedOf(other), 0);
        vm.assertEq(market.batch(other).lineCount, 0);
    }

    function test_RevertWhen_Finished() external {
        (bytes32 later, Batch memory batch) = _commitOne(_lease(_idOf(_job()), 4, 4));
        _passWindow(later);
        market.settleBatch(batch);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, later));
        market.fixSeed(later);
        vm.assertEq(market.seedOf(later), 0);
    }

    /// @dev Whoever could wait for the next hash could choose its draw.
    function test_RevertWhen_TheHashIsGone() external {
        _forward(259);
        bytes memory error_ =
            abi.encodeWithSelector(IMarketErrors.SeedGone.selector, batchId, seedBlock);
        _expect(error_);
        market.fixSeed(batchId);
        _forward(10);
        _expect(error_);
        market.fixSeed(batchId);
    }
}
