// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice How often a lease is audited and what an audit earns. Mirrors protocol/pricing.py.
library Pricing {
    uint256 internal constant PPM = 1_000_000;
    uint256 internal constant RATE_NUMERATOR_PPM = 1_800_000;
    uint256 internal constant RATE_FLOOR_PPM = 30_000;
    uint256 internal constant AUDIT_FEE_PPM = 1_200_000;

    /// @notice The share of a lease's tasks to audit, from the money at risk, rounded up.
    function auditRatePpm(uint256 pricePerTaskWei, uint256 stakeWei, uint256 unvestedWei)
        internal
        pure
        returns (uint32)
    {
        uint256 atRiskWei = stakeWei + unvestedWei + pricePerTaskWei;
        if (atRiskWei == 0) return uint32(PPM);
        uint256 rate = (RATE_NUMERATOR_PPM * pricePerTaskWei + atRiskWei - 1) / atRiskWei;
        if (rate > PPM) return uint32(PPM);
        return uint32(rate < RATE_FLOOR_PPM ? RATE_FLOOR_PPM : rate);
    }

    function auditFeeWei(uint256 pricePerTaskWei) internal pure returns (uint128) {
        return uint128(pricePerTaskWei * AUDIT_FEE_PPM / PPM);
    }
}
