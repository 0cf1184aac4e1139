// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CreditToken} from "../src/CreditToken.sol";

/// @notice A token that keeps a hundredth of every transfer.
contract TaxedToken is CreditToken {
    constructor() CreditToken(msg.sender, 1000 ether) {}

    function _update(address from, address to, uint256 amountWei) internal override {
        super._update(from, to, amountWei);
        if (from != address(0) && to != address(0)) super._update(to, address(0), amountWei / 100);
    }
}

/// @notice A token that says no by returning false, once it is told to.
contract RefusingToken is CreditToken {
    bool public isRefusing;

    constructor() CreditToken(msg.sender, 1000 ether) {}

    function refuse() external {
        isRefusing = true;
    }

    function transfer(address to, uint256 amountWei) public override returns (bool) {
        return !isRefusing && super.transfer(to, amountWei);
    }

    function transferFrom(address from, address to, uint256 amountWei)
        public
        override
        returns (bool)
    {
        return !isRefusing && super.transferFrom(from, to, amountWei);
    }
}

/// @notice A token whose balances change by themselves.
contract RebasingToken is CreditToken {
    constructor() CreditToken(msg.sender, 1000 ether) {}

    function rebase(address owner, int256 byWei) external {
        if (byWei > 0) _mint(owner, uint256(byWei));
        else _burn(owner, uint256(-byWei));
    }
}

/// @notice A token whose transfers return nothing, as the oldest do. No permits either.
contract SilentToken {
    mapping(address owner => uint256) public balanceOf;

    constructor() {
        balanceOf[msg.sender] = 1000 ether;
    }

    function transfer(address to, uint256 amountWei) external {
        _move(msg.sender, to, amountWei);
    }

    /// @dev Everybody has approved everybody.
    function transferFrom(address from, address to, uint256 amountWei) external {
        _move(from, to, amountWei);
    }

    function _move(address from, address to, uint256 amountWei) private {
        balanceOf[from] -= amountWei;
        balanceOf[to] += amountWei;
    }
}

/// @notice A token that makes one call of its choice while it moves.
contract CallingToken is CreditToken {
    address internal _target;
    bytes internal _call;
    bool public isDone;
    bytes public reply;

    constructor() CreditToken(msg.sender, 1000 ether) {}

    function callNext(address target, bytes calldata data) external {
        (_target, _call, isDone) = (target, data, false);
    }

    function _update(address from, address to, uint256 amountWei) internal override {
        super._update(from, to, amountWei);
        if (_target == address(0)) return;
        address target = _target;
        _target = address(0);
        (isDone, reply) = target.call(_call);
    }
}
