// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CreditToken} from "../src/CreditToken.sol";
import {vm} from "./Vm.sol";

contract CreditTokenTest {
    address internal someone = vm.addr(1);

    function test_TheSupplyGoesToTheDeployer() external {
        CreditToken token = new CreditToken(address(0), 100 ether);
        vm.assertEq(token.balanceOf(address(this)), 100 ether);
        vm.assertEq(token.decimals(), 18);
    }

    function test_OnlyTheMinterMints() external {
        CreditToken token = new CreditToken(address(this), 0);
        token.mint(someone, 5);
        vm.assertEq(token.balanceOf(someone), 5);
        vm.expectRevert(
            abi.encodeWithSelector(CreditToken.NotTheMinter.selector, address(this), someone)
        );
        vm.prank(someone);
        token.mint(someone, 5);
    }

    function test_WithoutAMinterNobodyMints() external {
        CreditToken token = new CreditToken(address(0), 0);
        vm.expectRevert(
            abi.encodeWithSelector(CreditToken.NotTheMinter.selector, address(0), address(this))
        );
        token.mint(someone, 5);
    }

    function test_CanBeBurnt() external {
        CreditToken token = new CreditToken(address(0), 100);
        token.burn(40);
        vm.assertEq(token.totalSupply(), 60);
    }
}
