// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract StakeTest is Fixture {
    function _stake() internal {
        vm.prank(provider);
        market.stake(100 ether);
    }

    function _request(uint96 amountWei) internal {
        vm.prank(provider);
        market.requestUnstake(amountWei);
    }

    /// @dev By a stranger: anyone may.
    function _unstake() internal {
        vm.prank(stranger);
        market.unstake(provider);
    }

    function test_MovesFreeBalance() external {
        vm.expectEmit(address(market));
        emit IMarketEvents.Staked(provider, 100 ether);
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
        vm.expectEmit(address(market));
        emit IMarketEvents.UnstakeRequested(provider, 60 ether, uint40(_now() + 1000));
        _request(60 ether);
        vm.assertEq(_stakeOf(provider), 40 ether);
        vm.assertEq(market.account(provider).unstakingWei, 60 ether);
        vm.assertEq(market.account(provider).unstakeAt, _now() + 1000);
    }

    function test_RevertWhen_RequestingNothingOrMoreThanStaked() external {
        _stake();
        vm.expectRevert(IMarketErrors.ZeroAmount.selector);
        _request(0);
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.InsufficientStake.selector, provider, 100 ether + 1, 100 ether
            )
        );
        _request(100 ether + 1);
    }

    function test_UnstakesAfterTheDelay_ForTheOwner() external {
        _stake();
        _request(60 ether);
        vm.warp(_now() + 1000);
        vm.expectEmit(address(market));
        emit IMarketEvents.Unstaked(provider, 60 ether);
        _unstake();
        vm.assertEq(_balance(provider), FUNDS - 40 ether);
        vm.assertEq(_balance(stranger), 0);
        vm.assertEq(market.account(provider).unstakingWei, 0);
        vm.assertEq(market.account(provider).unstakeAt, 0);
        _expect(abi.encodeWithSelector(IMarketErrors.NothingUnstaking.selector, provider));
        _unstake();
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
        vm.warp(unstakeAt);
        _unstake();
        vm.assertEq(_balance(provider), FUNDS - 39 ether);
    }

    function test_RevertWhen_NothingWasRequested() external {
        _expect(abi.encodeWithSelector(IMarketErrors.NothingUnstaking.selector, provider));
        _unstake();
    }

    /// @dev However late a dispute ends, the stake behind the work stays.
    function test_RevertWhen_ItsWorkIsInDispute() external {
        _stake();
        (, Batch memory batch) = _commitOne(_lease(_openDefault(), 0, 4));
        _request(100 ether);
        uint256 disputeId = _dispute(batch, 0, 1);
        _forward(3);
        vm.warp(_now() + 1000);
        _expect(abi.encodeWithSelector(IMarketErrors.StakeInDispute.selector, provider, 1));
        _unstake();
        arbiter.drawCommittee(disputeId);
        vm.warp(_now() + 21);
        arbiter.resolve(disputeId);
        _unstake();
        vm.assertEq(market.account(provider).unstakingWei, 0);
        vm.assertEq(_balance(provider), FUNDS);
    }

    function test_RequestedStakeIsStillSlashed() external {
        _stake();
        (, Batch memory batch) = _commitOne(_lease(_openDefault(), 0, 4));
        _request(70 ether);
        uint256 disputeId = _dispute(batch, 0, 1);
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertEq(_stakeOf(provider), 0);
        vm.assertEq(market.account(provider).unstakingWei, 55 ether);
        vm.warp(_now() + 1000);
        _unstake();
        vm.assertEq(_balance(provider), FUNDS - 45 ether);
    }

    /// @dev The delay is longer than any window: nothing that this stake backed can be contested.
    function test_UndisputedWorkHoldsNothingBack() external {
        _stake();
        (bytes32 batchId,) = _commitOne(_lease(_openDefault(), 0, 4));
        _request(100 ether);
        vm.warp(_now() + 1000);
        vm.assertTrue(_now() > _windowEndsAt(batchId));
        _unstake();
        vm.assertEq(_balance(provider), FUNDS);
    }
}
