// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBeacon} from "./interfaces/IBeacon.sol";
import {ITerms} from "./interfaces/ITerms.sol";
import {Audits} from "./market/Audits.sol";
import {Disputes} from "./market/Disputes.sol";
import {MarketBase} from "./market/MarketBase.sol";
import {Money} from "./market/Money.sol";

/// @title Market
/// @notice The one contract that holds credits. See `IMarket` for what it does.
contract Market is Money, Audits, Disputes {
    constructor(IERC20 token_, IBeacon beacon_, address arbiter_, ITerms terms_)
        MarketBase(token_, beacon_, arbiter_, terms_)
    {}
}
