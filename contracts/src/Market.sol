// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAnnex} from "./interfaces/IAnnex.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {IMarketCore} from "./interfaces/IMarketCore.sol";
import {ITerms} from "./interfaces/ITerms.sol";
import {Batches} from "./market/Batches.sol";
import {MarketBase} from "./market/MarketBase.sol";
import {Money} from "./market/Money.sol";

/// @title Market
/// @notice The one contract that holds credits. See `IMarket` for what it does.
contract Market is Money, Batches {
    /// @inheritdoc IMarketCore
    address public immutable annex;
    uint256 private immutable _CHAIN_ID;
    bytes32 private immutable _DOMAIN_SEPARATOR;

    /// @param annex_ Must have been deployed with the same token, beacon, arbiter and terms.
    constructor(IERC20 token_, IBeacon beacon_, address arbiter_, ITerms terms_, IAnnex annex_)
        MarketBase(token_, beacon_, arbiter_, terms_)
    {
        bool isSame = annex_.token() == address(token_) && annex_.beacon() == address(beacon_)
            && annex_.arbiter() == arbiter_ && address(annex_.terms()) == address(terms_);
        if (!isSame) revert WrongAnnex(address(annex_));
        annex = address(annex_);
        _CHAIN_ID = block.chainid;
        _DOMAIN_SEPARATOR = super._domainSeparator();
    }

    /// @dev Whatever else `IMarket` promises: the annex's code, at this address, on this storage.
    fallback() external {
        address code = annex;
        assembly ("memory-safe") {
            calldatacopy(0, 0, calldatasize())
            let isDone := delegatecall(gas(), code, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(isDone) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }

    function _domainSeparator() internal view override returns (bytes32) {
        return block.chainid == _CHAIN_ID ? _DOMAIN_SEPARATOR : super._domainSeparator();
    }
}
