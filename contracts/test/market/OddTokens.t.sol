// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {CreditToken} from "../../src/CreditToken.sol";
import {Fixture} from "../Fixture.sol";
import {RebasingToken, RefusingToken, SilentToken, TaxedToken} from "../OddTokens.sol";
import {vm} from "../Vm.sol";

contract OddTokensTest is Fixture {
    /// @dev A market for `odd`, in which this contract has an approval.
    function _use(address odd) internal {
        market = _deployMarket(odd, address(beacon), address(1), _params());
        CreditToken(odd).approve(address(market), 1000 ether);
    }

    function _expectRefused(address odd) internal {
        _expect(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, odd));
    }

    function test_RevertWhen_TheTokenTakesAFee() external {
        TaxedToken taxed = new TaxedToken();
        _use(address(taxed));
        _expect(abi.encodeWithSelector(IMarketErrors.TokenTookFee.selector, 100 ether, 99 ether));
        market.deposit(100 ether);
        vm.assertEq(_balance(address(this)), 0);
    }

    function test_ATokenThatReturnsNothingServes() external {
        SilentToken silent = new SilentToken();
        market = _deployMarket(address(silent), address(beacon), address(1), _params());
        market.deposit(100 ether);
        vm.assertEq(_balance(address(this)), 100 ether);
        market.withdraw(40 ether, stranger);
        vm.assertEq(silent.balanceOf(stranger), 40 ether);
        vm.assertEq(_balance(address(this)), 60 ether);
        vm.expectRevert();
        market.depositWithPermit(address(this), 1 ether, _now(), 0, 0, 0);
    }

    function test_RevertWhen_TheTokenReturnsFalse() external {
        RefusingToken refusing = new RefusingToken();
        _use(address(refusing));
        market.deposit(100 ether);
        refusing.refuse();
        _expectRefused(address(refusing));
        market.deposit(100 ether);
        _expectRefused(address(refusing));
        market.withdraw(100 ether, stranger);
        vm.assertEq(_balance(address(this)), 100 ether);
    }

    function test_WhatTheTokenAddsIsNobodys() external {
        RebasingToken rebasing = new RebasingToken();
        _use(address(rebasing));
        market.deposit(100 ether);
        rebasing.rebase(address(market), 10 ether);
        vm.assertEq(_balance(address(this)), 100 ether);
        market.deposit(5 ether);
        vm.assertEq(_balance(address(this)), 105 ether);
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.InsufficientBalance.selector, address(this), 106 ether, 105 ether
            )
        );
        market.withdraw(106 ether, stranger);
        market.withdraw(105 ether, stranger);
        vm.assertEq(rebasing.balanceOf(address(market)), 10 ether);
    }

    function test_WhatTheTokenTakesIsMissingFromTheLast() external {
        RebasingToken rebasing = new RebasingToken();
        _use(address(rebasing));
        market.deposit(100 ether);
        rebasing.rebase(address(market), -10 ether);
        vm.assertEq(_balance(address(this)), 100 ether);
        market.withdraw(60 ether, stranger);
        _expect(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, address(market), 30 ether, 40 ether
            )
        );
        market.withdraw(40 ether, stranger);
        market.withdraw(30 ether, stranger);
        vm.assertEq(_balance(address(this)), 10 ether);
    }
}
