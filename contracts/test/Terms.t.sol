// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Terms} from "../src/Terms.sol";
import {ITerms} from "../src/interfaces/ITerms.sol";
import {Params} from "../src/types/Params.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

contract TermsTest is Fixture {
    function _expectRefused(Params memory bad, string memory reason) internal {
        try this.deploy(bad) {
            revert("not refused");
        } catch (bytes memory error_) {
            bytes memory wanted = abi.encodeWithSelector(ITerms.InvalidParams.selector, reason);
            vm.assertEq(keccak256(error_), keccak256(wanted));
        }
    }

    function deploy(Params memory p) external returns (Terms) {
        return new Terms(p);
    }

    function test_AreKept() external view {
        vm.assertEq(
            keccak256(abi.encode(market.terms().params())), keccak256(abi.encode(_params()))
        );
        vm.assertEq(market.token(), address(token));
        vm.assertEq(market.beacon(), address(beacon));
        vm.assertEq(market.arbiter(), address(arbiter));
    }

    function test_RevertWhen_Unsound() external {
        Params memory p = _params();
        p.seatStakeWei = 0;
        _expectRefused(p, "stakes above 0");
        p = _params();
        p.seedDelayBlocks = 0;
        _expectRefused(p, "a seed comes from a later block");
        p = _params();
        p.revealSeconds = 0;
        _expectRefused(p, "no window");
        p = _params();
        p.slashMultiple = 0;
        _expectRefused(p, "slashMultiple above 0");
        p = _params();
        p.committeeSize = 32;
        _expectRefused(p, "committee of 1-31");
        p = _params();
        p.unstakeDelaySeconds = 169;
        _expectRefused(p, "unstake delay under a dispute");
        p = _params();
        p.unstakeDelaySeconds = type(uint40).max;
        _expectRefused(p, "over ten years");
    }
}
