// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pricing} from "../../src/libraries/Pricing.sol";
import {vm} from "../Vm.sol";

contract PricingTest {
    uint256 internal constant PPM = 1_000_000;

    function testFuzz_TheRateIsTheLeastThatDeters(uint96 price, uint128 stake, uint128 unvested)
        external
        pure
    {
        uint256 atRisk = uint256(price) + stake + unvested;
        uint256 rate = Pricing.auditRatePpm(price, stake, unvested);
        vm.assertTrue(rate >= 30_000 && rate <= PPM);
        if (rate < PPM) vm.assertTrue(rate * atRisk >= 1_800_000 * uint256(price));
        if (rate > 30_000) vm.assertTrue((rate - 1) * atRisk < 1_800_000 * uint256(price));
    }

    function testFuzz_MoreAtRiskNeverRaisesTheRate(uint96 price, uint128 stake, uint64 more)
        external
        pure
    {
        vm.assertTrue(
            Pricing.auditRatePpm(price, uint256(stake) + more, 0)
                <= Pricing.auditRatePpm(price, stake, 0)
        );
    }

    function testFuzz_TheFeeIsSixFifths(uint96 price) external pure {
        vm.assertEq(Pricing.auditFeeWei(price), uint256(price) * 6 / 5);
    }

    function test_WithNothingAtRiskAllIsAudited() external pure {
        vm.assertEq(Pricing.auditRatePpm(0, 0, 0), PPM);
        vm.assertEq(Pricing.auditRatePpm(1 ether, 0, 0), PPM);
        vm.assertEq(Pricing.auditRatePpm(1 ether, 1_000_000 ether, 0), 30_000);
    }
}
