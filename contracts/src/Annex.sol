// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAnnex} from "./interfaces/IAnnex.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {ITerms} from "./interfaces/ITerms.sol";
import {Disputes} from "./market/Disputes.sol";
import {Keys} from "./market/Keys.sol";
import {MarketBase} from "./market/MarketBase.sol";
import {Pausing} from "./market/Pausing.sol";

/// @title Annex
/// @notice The part of Market's code that is not needed every day. It only ever works on Market's storage,
/// at Market's address; called directly, it holds nothing and nobody's word counts.
contract Annex is Disputes, Keys, Pausing {
    constructor(IERC20 token_, IBeacon beacon_, address arbiter_, ITerms terms_)
        MarketBase(token_, beacon_, arbiter_, terms_)
    {}

    /// @inheritdoc IAnnex
    function terms() external view returns (ITerms) {
        return _TERMS;
    }

    /// @inheritdoc IAnnex
    function token() external view returns (address) {
        return address(_TOKEN);
    }

    /// @inheritdoc IAnnex
    function beacon() external view returns (address) {
        return address(_BEACON);
    }

    /// @inheritdoc IAnnex
    function arbiter() external view returns (address) {
        return _ARBITER;
    }
}
