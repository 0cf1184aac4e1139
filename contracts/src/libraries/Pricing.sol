// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice How often a lease's tasks are audited and what an audit earns. Mirrors protocol/pricing.py.
library Pricing {
    uint256 internal constant PPM = 1_000_000;
    uint256 internal constant RATE_NUMERATOR_PPM = 1_800_000;
    uint256 internal constant RATE_FLOOR_PPM = 30_000;
    uint256 internal constant AUDIT_FEE_PPM = 1_200_000;
    uint256 internal constant BOND_MULTIPLE = 15;
    uint256 internal constant BOND_LEASE_PART = 3;

    /// @notice How often a task is audited, on average, from the money at risk, rounded up. Above
    /// `PPM` every task is audited once, and some of them twice.
    function auditRatePpm(uint256 pricePerTaskWei, uint256 stakeWei)
        internal
        pure
        returns (uint32)
    {
        uint256 atRiskWei = stakeWei + pricePerTaskWei;
        if (atRiskWei == 0) return uint32(RATE_NUMERATOR_PPM);
        uint256 rate = (RATE_NUMERATOR_PPM * pricePerTaskWei + atRiskWei - 1) / atRiskWei;
        return uint32(rate < RATE_FLOOR_PPM ? RATE_FLOOR_PPM : rate);
    }

    /// @notice What a challenger puts down: as much of the task's price, and of what the whole lease is
    /// paid, as accusing could bring a third of the committees; at least `leastWei`.
    function bondWei(uint256 pricePerTaskWei, uint256 amountWei, uint256 leastWei)
        internal
        pure
        returns (uint256)
    {
        uint256 byPriceWei = BOND_MULTIPLE * pricePerTaskWei;
        uint256 byLeaseWei = amountWei / BOND_LEASE_PART;
        uint256 mostWei = byPriceWei > byLeaseWei ? byPriceWei : byLeaseWei;
        return mostWei > leastWei ? mostWei : leastWei;
    }

    function auditFeeWei(uint256 pricePerTaskWei) internal pure returns (uint128) {
        return uint128(pricePerTaskWei * AUDIT_FEE_PPM / PPM);
    }
}
