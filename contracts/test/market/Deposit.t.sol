// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CreditToken} from "../../src/CreditToken.sol";
import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A token that keeps a hundredth of every transfer.
contract TaxedToken is CreditToken {
    constructor() CreditToken(msg.sender, 1000 ether) {}

    function _update(address from, address to, uint256 amountWei) internal override {
        super._update(from, to, amountWei);
        if (from != address(0) && to != address(0)) super._update(to, address(0), amountWei / 100);
    }
}

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

    function test_RevertWhen_TheTokenTakesAFee() external {
        TaxedToken taxed = new TaxedToken();
        IMarket other = _deployMarket(address(taxed), address(beacon), address(1), _params());
        taxed.approve(address(other), 100 ether);
        _expect(abi.encodeWithSelector(IMarketErrors.TokenTookFee.selector, 100 ether, 99 ether));
        other.deposit(100 ether);
    }
}
