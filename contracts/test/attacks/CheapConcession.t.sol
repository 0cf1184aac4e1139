// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Pricing} from "../../src/libraries/Pricing.sol";
import {Batch} from "../../src/types/Batch.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A provider computes nothing, and concedes to a friend as soon as the seed draws a wrong task,
/// before anybody else contests it: once per identity this must not be for free either.
contract CheapConcessionTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    /// @dev What provider and friend have.
    function _theirs() internal view returns (uint256) {
        return _stakeOf(provider) + market.account(provider).unstakingWei + _balance(provider)
            + _balance(challenger);
    }

    function _concedeToAFriend(uint96 priceWei) internal returns (uint256 lostWei) {
        LeaseResult memory lease = _leaseWithFault(jobId, 0, 1, 0);
        lease.amount = priceWei;
        (, Batch memory batch) = _commitOne(lease);
        uint256 before = _theirs();
        uint256 disputeId = _dispute(batch, 0, 0);
        vm.prank(provider);
        market.concede(disputeId);
        return before - _theirs();
    }

    function test_TheFirstConcessionCostsStake() external {
        vm.prank(provider);
        market.stake(60 ether);
        vm.assertEq(_concedeToAFriend(1 ether), 45 ether);
        vm.assertEq(_stakeOf(provider), 10 ether);
    }

    function test_LeavingWithTheStakeDoesNotHelp() external {
        vm.startPrank(provider);
        market.stake(60 ether);
        market.requestUnstake(60 ether);
        vm.stopPrank();
        vm.assertEq(_concedeToAFriend(1 ether), 45 ether);
        vm.assertEq(market.account(provider).unstakingWei, 10 ether);
        uint256 unstakeAt = _now() + 1000;
        vm.warp(unstakeAt - 1);
        _expect(abi.encodeWithSelector(IMarketErrors.StakeLocked.selector, provider, unstakeAt));
        market.unstake(provider);
    }

    function test_ALittleStakeIsLostWhole() external {
        vm.prank(provider);
        market.stake(20 ether);
        vm.assertEq(_concedeToAFriend(1 ether), 18 ether);
        vm.assertEq(_stakeOf(provider), 0);
    }

    /// @dev A caught cheater also loses the task's pay; it saved less than that by cheating.
    function testFuzz_CheatingAndConcedingDoesNotPay(uint96 stakeWei, uint96 priceWei) external {
        stakeWei = uint96(stakeWei % 10_000 ether);
        priceWei = uint96(1000 + priceWei % (1 ether - 1000));
        if (stakeWei != 0) {
            vm.prank(provider);
            market.stake(stakeWei);
        }
        uint256 ratePpm = Pricing.auditRatePpm(priceWei, stakeWei);
        if (ratePpm > 1_000_000) ratePpm = 1_000_000;
        uint256 lostWei = _concedeToAFriend(priceWei) + priceWei;
        vm.assertTrue(ratePpm * lostWei >= 1_000_000 * uint256(priceWei));
    }
}
