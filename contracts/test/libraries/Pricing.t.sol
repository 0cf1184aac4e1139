// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pricing} from "../../src/libraries/Pricing.sol";
import {vm} from "../Vm.sol";

contract PricingTest {
    uint256 internal constant MOST = 1_800_000;
    uint256 internal constant FLOOR = 30_000;

    function testFuzz_TheRateIsTheLeastThatDeters(uint96 price, uint96 stake) external pure {
        uint256 atRisk = uint256(price) + stake;
        uint256 rate = Pricing.auditRatePpm(price, stake);
        vm.assertTrue(rate >= FLOOR && rate <= MOST);
        vm.assertTrue(rate * atRisk >= MOST * uint256(price));
        if (rate > FLOOR) vm.assertTrue((rate - 1) * atRisk < MOST * uint256(price));
    }

    function testFuzz_MoreStakeNeverRaisesTheRate(uint96 price, uint96 stake, uint96 more)
        external
        pure
    {
        vm.assertTrue(
            Pricing.auditRatePpm(price, uint256(stake) + more) <= Pricing.auditRatePpm(price, stake)
        );
    }

    function testFuzz_AHigherPriceNeverLowersTheRate(uint96 price, uint96 stake, uint96 more)
        external
        pure
    {
        vm.assume(price != 0);
        vm.assertTrue(
            Pricing.auditRatePpm(uint256(price) + more, stake) >= Pricing.auditRatePpm(price, stake)
        );
    }

    function testFuzz_WithoutStakeItIsTheMost(uint96 price) external pure {
        vm.assertEq(Pricing.auditRatePpm(price, 0), MOST);
    }

    function testFuzz_TheFeeIsSixFifths(uint96 price) external pure {
        vm.assertEq(Pricing.auditFeeWei(price), uint256(price) * 6 / 5);
    }

    function testFuzz_TheBondIsFifteenPricesOrMore(uint96 price, uint96 amount, uint96 least)
        external
        pure
    {
        uint256 bond = Pricing.bondWei(price, amount, least);
        uint256 byLease = uint256(amount) / 3;
        vm.assertTrue(bond >= 15 * uint256(price) && bond >= byLease && bond >= least);
        vm.assertTrue(bond == 15 * uint256(price) || bond == byLease || bond == least);
    }

    /// @dev From 46 tasks on, a third of what the lease is paid is more than 15 prices.
    function test_ABondOfALargeLease() external pure {
        vm.assertEq(Pricing.bondWei(1 ether, 20 ether, 10 ether), 15 ether);
        vm.assertEq(Pricing.bondWei(1 ether, 45 ether, 10 ether), 15 ether);
        vm.assertEq(Pricing.bondWei(1 ether, 48 ether, 10 ether), 16 ether);
        vm.assertEq(Pricing.bondWei(1 ether, 255 ether, 10 ether), 85 ether);
        vm.assertEq(Pricing.bondWei(1 ether, 255 ether, 90 ether), 90 ether);
    }

    /// @dev 0.8 prices of stake are what it takes to be audited once a task, 59 to reach the floor.
    function test_Examples() external pure {
        vm.assertEq(Pricing.auditRatePpm(1 ether, 0.8 ether), 1_000_000);
        vm.assertEq(Pricing.auditRatePpm(1 ether, 1 ether), 900_000);
        vm.assertEq(Pricing.auditRatePpm(1 ether, 17 ether), 100_000);
        vm.assertEq(Pricing.auditRatePpm(1 ether, 58 ether), 30_509);
        vm.assertEq(Pricing.auditRatePpm(1 ether, 59 ether), FLOOR);
        vm.assertEq(Pricing.auditRatePpm(1 ether, 1_000_000 ether), FLOOR);
        vm.assertEq(Pricing.auditRatePpm(0, 1), FLOOR);
    }
}
