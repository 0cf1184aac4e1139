// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @notice An EIP-2612 permit for the calling contract.
struct Permit {
    address owner;
    uint256 valueWei;
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

library Permits {
    bytes32 internal constant TYPEHASH = keccak256(
        "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
    );

    /// @notice Use the permit on `token`; it may have been used a moment ago, since anybody can copy
    /// a permit out of our transaction and send it to the token first.
    /// @return digest Of the permit if it is the owner's latest used one, else zero.
    function use(IERC20Permit token, Permit memory permit) internal returns (bytes32 digest) {
        try token.permit(
            permit.owner,
            address(this),
            permit.valueWei,
            permit.deadline,
            permit.v,
            permit.r,
            permit.s
        ) {}
            catch {}
        uint256 nonce = token.nonces(permit.owner);
        if (nonce == 0 || block.timestamp > permit.deadline) return 0;
        digest = _digest(token, permit, nonce - 1);
        (address signer,,) = ECDSA.tryRecover(digest, permit.v, permit.r, permit.s);
        if (signer != permit.owner || signer == address(0)) return 0;
    }

    function _digest(IERC20Permit token, Permit memory permit, uint256 nonce)
        private
        view
        returns (bytes32)
    {
        bytes32 structHash = keccak256(
            abi.encode(
                TYPEHASH, permit.owner, address(this), permit.valueWei, nonce, permit.deadline
            )
        );
        return MessageHashUtils.toTypedDataHash(token.DOMAIN_SEPARATOR(), structHash);
    }
}
