// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketCore} from "../../src/interfaces/IMarketCore.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Account} from "../../src/types/Account.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Fixture} from "../Fixture.sol";
import {CallingToken} from "../OddTokens.sol";
import {vm} from "../Vm.sol";

contract WithdrawTest is Fixture {
    function test_PaysOut() external {
        vm.expectEmit(address(market));
        emit IMarketEvents.Withdrawn(requester, stranger, 7 ether);
        vm.prank(requester);
        market.withdraw(7 ether, stranger);
        vm.assertEq(token.balanceOf(stranger), 7 ether);
        vm.assertEq(_balance(requester), FUNDS - 7 ether);
    }

    function test_PaysOutEverything() external {
        vm.prank(requester);
        market.withdraw(uint96(FUNDS), stranger);
        vm.assertEq(token.balanceOf(stranger), FUNDS);
        vm.assertEq(_balance(requester), 0);
    }

    function test_RevertWhen_MoreThanFree() external {
        uint256 tooMuch = FUNDS + 1;
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.InsufficientBalance.selector, requester, tooMuch, FUNDS
            )
        );
        vm.prank(requester);
        market.withdraw(uint96(tooMuch), requester);
    }

    function test_RevertWhen_ItIsStaked() external {
        vm.startPrank(requester);
        market.stake(uint96(FUNDS));
        _expect(abi.encodeWithSelector(IMarketErrors.InsufficientBalance.selector, requester, 1, 0));
        market.withdraw(1, requester);
        vm.stopPrank();
    }

    function test_RevertWhen_ToNobodyOrToMarket() external {
        vm.startPrank(requester);
        _expect(abi.encodeWithSelector(IMarketErrors.InvalidRecipient.selector, address(0)));
        market.withdraw(1, address(0));
        _expect(abi.encodeWithSelector(IMarketErrors.InvalidRecipient.selector, address(market)));
        market.withdraw(1, address(market));
        vm.stopPrank();
    }

    function test_RevertWhen_AmountIsZero() external {
        vm.expectRevert(IMarketErrors.ZeroAmount.selector);
        vm.prank(requester);
        market.withdraw(0, requester);
    }

    /// @dev Withdraw while the token makes `data`, a call to Market.
    function _withdrawWhile(bytes memory data) internal returns (CallingToken calling) {
        calling = new CallingToken();
        market = _deployMarket(address(calling), address(beacon), address(1), _params());
        calling.transfer(address(calling), 100 ether);
        vm.startPrank(address(calling));
        calling.approve(address(market), 100 ether);
        market.deposit(100 ether);
        calling.callNext(address(market), data);
        market.withdraw(60 ether, stranger);
        vm.stopPrank();
        vm.assertEq(calling.balanceOf(stranger), 60 ether);
    }

    function _expectReentryRefused(bytes memory data) internal {
        CallingToken calling = _withdrawWhile(data);
        vm.assertFalse(calling.isDone());
        bytes4 selector = ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector;
        vm.assertEq(keccak256(calling.reply()), keccak256(abi.encodeWithSelector(selector)));
        vm.assertEq(_balance(address(calling)), 40 ether);
    }

    function test_TheTokenCannotWithdrawMeanwhile() external {
        _expectReentryRefused(abi.encodeCall(IMarketCore.withdraw, (1 ether, stranger)));
    }

    function test_TheTokenCannotDepositMeanwhile() external {
        _expectReentryRefused(abi.encodeCall(IMarketCore.deposit, (1 ether)));
    }

    function test_TheTokenCannotSpendTheSameBalanceMeanwhile() external {
        CallingToken calling = _withdrawWhile(abi.encodeCall(IMarketCore.stake, (40 ether + 1)));
        vm.assertFalse(calling.isDone());
        calling = _withdrawWhile(abi.encodeCall(IMarketCore.stake, (40 ether)));
        vm.assertTrue(calling.isDone());
        Account memory account = market.account(address(calling));
        vm.assertEq(account.stakeWei, 40 ether);
        vm.assertEq(account.balanceWei, 0);
    }
}
