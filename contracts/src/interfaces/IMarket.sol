// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "./IAnnex.sol";
import {IMarketCore} from "./IMarketCore.sol";

/// @title Market
/// @notice Holds everybody's credits, and moves them by rules that nobody can change: there is no
/// owner and no upgrade. Time and blocks open and close every way in and out; every exit can be taken
/// by anyone, and nothing can pause it.
///
/// One address, one storage. Its code is in two contracts, since one may not be larger than EIP-170
/// allows: `Market` holds the everyday path, and runs everything else from `Annex`, whose address it was
/// deployed with for good.
///
/// Assumptions. The token is a plain ERC-20 of fewer than 2^96 wei in Market's hands: no fee on transfer,
/// no rebasing, no hooks that matter. The beacon's values are not known when a batch is committed. More
/// than half of a drawn committee is honest. At least one honest party watches each batch until its
/// window ends.
interface IMarket is IMarketCore, IAnnex {}
