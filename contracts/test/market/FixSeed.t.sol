// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract FixSeedTest is Fixture {
    uint256 internal batchId;

    function setUp() public override {
        super.setUp();
        (batchId,) = _commitOne(_lease(_openDefault(), 0, 4));
    }

    function test_TakesTheSeedBlocksHash_AndStartsTheWindow() external {
        uint256 seedBlock = market.batch(batchId).seedBlock;
        _forward(3);
        bytes32 seed = blockhash(seedBlock);
        vm.expectEmit(address(market));
        emit IMarketEvents.SeedFixed(batchId, seed);
        vm.prank(stranger);
        market.fixSeed(batchId);
        vm.assertEq(market.batch(batchId).seed, seed);
        vm.assertEq(market.batch(batchId).windowEndsAt, _now() + 100);
    }

    function test_RevertWhen_TheSeedBlockIsNotMined() external {
        uint256 seedBlock = market.batch(batchId).seedBlock;
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
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, 2));
        market.fixSeed(2);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, 0));
        market.batch(0);
    }

    function test_MovesOn_WhenTheHashIsGone() external {
        _forward(300);
        uint64 later = uint64(vm.getBlockNumber()) + 2;
        vm.expectEmit(address(market));
        emit IMarketEvents.SeedDelayed(batchId, later);
        market.fixSeed(batchId);
        IMarket.Batch memory state = market.batch(batchId);
        vm.assertEq(state.seedBlock, later);
        vm.assertEq(state.seed, 0);
        vm.assertEq(state.windowEndsAt, 0);
        _fixSeed(batchId);
        vm.assertEq(market.batch(batchId).seed, blockhash(later));
    }
}
