// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Permits} from "../../src/libraries/Permits.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract DepositWithPermitTest is Fixture {
    uint256 internal constant OWNER_KEY = 0xC1;
    address internal owner = vm.addr(OWNER_KEY);
    uint256 internal deadline = START + 1 days;
    uint8 internal v;
    bytes32 internal r;
    bytes32 internal s;

    function setUp() public override {
        super.setUp();
        token.mint(owner, 100 ether);
        (v, r, s) = _permit(OWNER_KEY, 10 ether);
    }

    function _permit(uint256 key, uint256 amountWei)
        internal
        view
        returns (uint8, bytes32, bytes32)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                Permits.TYPEHASH, owner, address(market), amountWei, token.nonces(owner), deadline
            )
        );
        return
            vm.sign(
                key, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash))
            );
    }

    function _deposit(address sender, uint96 amountWei) internal {
        vm.prank(sender);
        market.depositWithPermit(owner, amountWei, deadline, v, r, s);
    }

    function _expectInvalid() internal {
        _expect(abi.encodeWithSelector(IMarketErrors.PermitInvalid.selector, owner));
    }

    function test_CreditsTheOwner_WhoeverSends() external {
        _deposit(stranger, 10 ether);
        vm.assertEq(_balance(owner), 10 ether);
        vm.assertEq(_balance(stranger), 0);
    }

    function test_GoesOn_WhenThePermitWasFrontRun() external {
        token.permit(owner, address(market), 10 ether, deadline, v, r, s);
        _deposit(stranger, 10 ether);
        vm.assertEq(_balance(owner), 10 ether);
    }

    function test_RevertWhen_ThePermitIsReplayedOnALaterAllowance() external {
        _deposit(stranger, 10 ether);
        vm.prank(owner);
        token.approve(address(market), 10 ether);
        _expectInvalid();
        _deposit(stranger, 10 ether);
    }

    function test_ALaterPermitForTheSameAmountPaysAgain() external {
        _deposit(stranger, 10 ether);
        (v, r, s) = _permit(OWNER_KEY, 10 ether);
        _deposit(stranger, 10 ether);
        vm.assertEq(_balance(owner), 20 ether);
    }

    function test_RevertWhen_AStrangerMovesAnAllowanceWithoutAPermit() external {
        vm.prank(owner);
        token.approve(address(market), 10 ether);
        (v, r, s) = _permit(STRANGER_KEY, 10 ether);
        _expectInvalid();
        _deposit(stranger, 10 ether);
    }

    function test_RevertWhen_TheAmountIsAnother() external {
        vm.prank(owner);
        token.approve(address(market), 100 ether);
        _expectInvalid();
        _deposit(stranger, 11 ether);
    }

    function test_RevertWhen_ThePermitIsForAnotherSpender() external {
        bytes32 structHash = keccak256(
            abi.encode(Permits.TYPEHASH, owner, stranger, 10 ether, token.nonces(owner), deadline)
        );
        (v, r, s) = vm.sign(
            OWNER_KEY, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash))
        );
        vm.prank(owner);
        token.approve(address(market), 10 ether);
        _expectInvalid();
        _deposit(stranger, 10 ether);
    }

    function test_RevertWhen_TheAmountIsZero() external {
        (v, r, s) = _permit(OWNER_KEY, 0);
        vm.expectRevert(IMarketErrors.ZeroAmount.selector);
        _deposit(stranger, 0);
    }

    function test_RevertWhen_ThePermitHasExpired() external {
        vm.warp(deadline + 1);
        _expectInvalid();
        _deposit(stranger, 10 ether);
    }

    function test_RevertWhen_AConsumedPermitHasExpired() external {
        token.permit(owner, address(market), 10 ether, deadline, v, r, s);
        vm.warp(deadline + 1);
        _expectInvalid();
        _deposit(stranger, 10 ether);
    }

    function test_TheOwnerMayUseItsAllowance() external {
        vm.prank(owner);
        token.approve(address(market), 10 ether);
        v = 0;
        _deposit(owner, 10 ether);
        vm.assertEq(_balance(owner), 10 ether);
    }
}
