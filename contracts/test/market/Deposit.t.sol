// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketCore} from "../../src/interfaces/IMarketCore.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Fixture} from "../Fixture.sol";
import {CallingToken} from "../OddTokens.sol";
import {vm} from "../Vm.sol";

contract DepositTest is Fixture {
    function test_CreditsTheCaller() external {
        vm.expectEmit(address(market));
        emit IMarketEvents.Deposited(requester, 5 ether);
        vm.prank(requester);
        market.deposit(5 ether);
        vm.assertEq(_balance(requester), FUNDS + 5 ether);
    }

    function test_RevertWhen_AmountIsZero() external {
        vm.expectRevert(IMarketErrors.ZeroAmount.selector);
        vm.prank(requester);
        market.deposit(0);
    }

    function test_RevertWhen_NotApproved() external {
        _expect(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 0, 1
            )
        );
        vm.prank(stranger);
        market.deposit(1);
    }

    function test_MarketHoldsAtMostWhatItCanCount() external {
        uint256 most = type(uint96).max;
        uint256 roomWei = most - token.balanceOf(address(market));
        token.mint(requester, roomWei);
        vm.startPrank(requester);
        market.deposit(uint96(roomWei));
        _expect(abi.encodeWithSelector(IMarketErrors.AmountTooLarge.selector, most + 1, most));
        market.deposit(1);
        vm.stopPrank();
        vm.assertEq(_balance(requester), FUNDS + roomWei);
    }

    /// @dev Else a token could have one transfer counted twice.
    function test_TheTokenCannotDepositMeanwhile() external {
        CallingToken calling = new CallingToken();
        market = _deployMarket(address(calling), address(beacon), address(1), _params());
        calling.approve(address(market), 100 ether);
        calling.callNext(address(market), abi.encodeCall(IMarketCore.deposit, (1 ether)));
        market.deposit(10 ether);
        vm.assertFalse(calling.isDone());
        vm.assertEq(
            keccak256(calling.reply()),
            keccak256(
                abi.encodeWithSelector(
                    ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector
                )
            )
        );
        vm.assertEq(_balance(address(this)), 10 ether);
    }
}
