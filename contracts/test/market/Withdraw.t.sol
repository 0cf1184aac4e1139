// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CreditToken} from "../../src/CreditToken.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A token that calls back while it pays out.
contract CallingToken is CreditToken {
    constructor() CreditToken(msg.sender, 1000 ether) {}

    function transfer(address to, uint256 amountWei) public override returns (bool) {
        IMarket(msg.sender).withdraw(1, to);
        return super.transfer(to, amountWei);
    }
}

contract WithdrawTest is Fixture {
    function test_PaysOut() external {
        vm.expectEmit(address(market));
        emit IMarketEvents.Withdrawn(requester, stranger, 7 ether);
        vm.prank(requester);
        market.withdraw(7 ether, stranger);
        vm.assertEq(token.balanceOf(stranger), 7 ether);
        vm.assertEq(_balance(requester), FUNDS - 7 ether);
    }

    function test_RevertWhen_MoreThanFree() external {
        uint256 tooMuch = FUNDS + 1;
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.InsufficientBalance.selector, requester, tooMuch, FUNDS
            )
        );
        vm.prank(requester);
        market.withdraw(uint128(tooMuch), requester);
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

    function test_RevertWhen_TheTokenCallsBack() external {
        CallingToken calling = new CallingToken();
        IMarket other = _deployMarket(address(calling), address(beacon), address(1), _params());
        calling.approve(address(other), 100 ether);
        other.deposit(100 ether);
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        other.withdraw(1 ether, stranger);
    }
}
