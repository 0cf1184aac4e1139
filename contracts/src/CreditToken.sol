// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title CreditToken
/// @notice The payment token. Its minter is fixed for good: a development faucet, or nobody.
contract CreditToken is ERC20, ERC20Burnable, ERC20Permit {
    /// @notice Who may mint; the zero address if nobody.
    address public immutable minter;

    error NotTheMinter(address minter, address caller);

    /// @param initialSupplyWei Minted to the deployer.
    constructor(address minter_, uint256 initialSupplyWei)
        ERC20("Fallow Credit", "CREDIT")
        ERC20Permit("Fallow Credit")
    {
        minter = minter_;
        _mint(msg.sender, initialSupplyWei);
    }

    /// @notice Create `amountWei` credits for `to`. By the minter.
    function mint(address to, uint256 amountWei) external {
        if (msg.sender != minter) revert NotTheMinter(minter, msg.sender);
        _mint(to, amountWei);
    }
}
