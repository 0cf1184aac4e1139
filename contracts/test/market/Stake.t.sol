// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {CommittedLease} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract StakeTest is Fixture {
    function _stake() internal {
        vm.prank(provider);
        market.stake(100 ether);
    }

    function _request(uint128 amountWei) internal {
        vm.prank(provider);
        market.requestUnstake(amountWei);
    }

    function _unstake() internal {
        vm.prank(provider);
        market.unstake();
    }

    function test_MovesFreeBalance() external {
        _stake();
        vm.assertEq(_stakeOf(provider), 100 ether);
        vm.assertEq(_balance(provider), FUNDS - 100 ether);
    }

    function test_RevertWhen_StakingMoreThanFree() external {
        _expect(abi.encodeWithSelector(IMarketErrors.InsufficientBalance.selector, stranger, 1, 0));
        vm.prank(stranger);
        market.stake(1);
    }

    function test_RevertWhen_StakingNothing() external {
        vm.expectRevert(IMarketErrors.ZeroAmount.selector);
        vm.prank(provider);
        market.stake(0);
    }

    function test_ARequestStopsCountingAtOnce() external {
        _stake();
        _request(60 ether);
        vm.assertEq(_stakeOf(provider), 40 ether);
        vm.assertEq(market.account(provider).unstakingWei, 60 ether);
    }

    function test_RevertWhen_RequestingMoreThanStaked() external {
        _stake();
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.InsufficientStake.selector, provider, 100 ether + 1, 100 ether
            )
        );
        _request(100 ether + 1);
    }

    function test_UnstakesAfterTheDelay() external {
        _stake();
        _request(60 ether);
        vm.warp(_now() + 1000);
        _unstake();
        vm.assertEq(_balance(provider), FUNDS - 40 ether);
        vm.assertEq(market.account(provider).unstakingWei, 0);
    }

    function test_RevertWhen_Early() external {
        _stake();
        _request(60 ether);
        uint256 unstakeAt = _now() + 1000;
        vm.warp(unstakeAt - 1);
        _expect(abi.encodeWithSelector(IMarketErrors.StakeLocked.selector, provider, unstakeAt));
        _unstake();
    }

    function test_AFurtherRequestRestartsTheDelay() external {
        _stake();
        _request(60 ether);
        vm.warp(_now() + 999);
        _request(1 ether);
        uint256 unstakeAt = _now() + 1000;
        vm.warp(_now() + 1);
        _expect(abi.encodeWithSelector(IMarketErrors.StakeLocked.selector, provider, unstakeAt));
        _unstake();
    }

    function test_RevertWhen_NothingWasRequested() external {
        _expect(abi.encodeWithSelector(IMarketErrors.NothingUnstaking.selector, provider));
        _unstake();
    }

    /// @dev However late a seed is fixed or a dispute ends, the stake behind the work stays.
    function test_RevertWhen_WorkCanStillBeDisputed() external {
        _stake();
        bytes32 jobId = _openDefault();
        (uint256 batchId, CommittedLease[] memory leases) = _commitOne(_lease(jobId, 0, 4));
        _request(100 ether);
        vm.warp(_now() + 1000);
        _expect(abi.encodeWithSelector(IMarketErrors.StakeAtRisk.selector, provider, 4 ether));
        _unstake();
        _fixSeed(batchId);
        _passWindow(batchId);
        market.settleBatch(batchId, leases);
        _unstake();
        vm.assertEq(market.account(provider).unstakingWei, 0);
    }
}
