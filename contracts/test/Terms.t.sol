// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Terms} from "../src/Terms.sol";
import {IMarketErrors} from "../src/interfaces/IMarketErrors.sol";
import {ITerms} from "../src/interfaces/ITerms.sol";
import {Params} from "../src/types/Params.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

contract TermsTest is Fixture {
    function _expectRefused(Params memory bad, string memory reason) internal {
        _expect(abi.encodeWithSelector(ITerms.InvalidParams.selector, reason));
        new Terms(bad, guardian, governor);
    }

    function _expectTaken(Params memory good) internal {
        Terms terms = new Terms(good, guardian, governor);
        vm.assertEq(keccak256(abi.encode(terms.params())), keccak256(abi.encode(good)));
    }

    function test_AreKept() external view {
        vm.assertEq(
            keccak256(abi.encode(market.terms().params())), keccak256(abi.encode(_params()))
        );
        vm.assertEq(market.terms().guardian(), guardian);
        vm.assertEq(market.terms().governor(), governor);
        vm.assertEq(market.token(), address(token));
        vm.assertEq(market.beacon(), address(beacon));
        vm.assertEq(market.arbiter(), address(arbiter));
    }

    function test_NobodyNeedsToBeTheGuardianOrTheGovernor() external {
        vm.assertEq(new Terms(_params(), address(0), governor).guardian(), address(0));
        vm.assertEq(new Terms(_params(), guardian, address(0)).governor(), address(0));
    }

    function test_RevertWhen_ThereIsNoStakeOrBond() external {
        Params memory p = _params();
        p.seatStakeWei = 0;
        _expectRefused(p, "stakes above 0");
        p = _params();
        p.disputeBondWei = 0;
        _expectRefused(p, "stakes above 0");
    }

    function test_RevertWhen_ADelayOrWindowIsMissing() external {
        Params memory p = _params();
        p.seedDelayBlocks = 0;
        _expectRefused(p, "a seed comes from a later block");
        p = _params();
        p.disputeWindowSeconds = 0;
        _expectRefused(p, "no window");
        p = _params();
        p.commitSeconds = 0;
        _expectRefused(p, "no window");
        p = _params();
        p.revealSeconds = 0;
        _expectRefused(p, "no window");
        p = _params();
        p.openSeconds = 0;
        _expectRefused(p, "no window");
        p = _params();
        p.concedeSeconds = 0;
        p.minimumStakeWei = 0;
        p.commitGraceSeconds = 0;
        _expectTaken(p);
    }

    /// @dev A window must not wait for a seed for longer than the chain would know one.
    function test_RevertWhen_ASeedIsTooFarAway() external {
        Params memory p = _params();
        p.seedDelayBlocks = 257;
        _expectRefused(p, "a seed is known for 256 blocks");
        p.seedDelayBlocks = type(uint32).max;
        _expectRefused(p, "a seed is known for 256 blocks");
        p.seedDelayBlocks = 256;
        _expectTaken(p);
    }

    function test_RevertWhen_ConcedingIsFreeOrDearerThanLosing() external {
        string memory reason = "conceding costs something, and no more than losing";
        Params memory p = _params();
        p.concedeMultiple = 0;
        _expectRefused(p, reason);
        p.slashMultiple = 0;
        _expectRefused(p, reason);
        p = _params();
        p.concedeMultiple = p.slashMultiple + 1;
        _expectRefused(p, reason);
        p.concedeMultiple = p.slashMultiple;
        _expectTaken(p);
    }

    function test_RevertWhen_TheCommitteeIsEmptyOrTooLarge() external {
        Params memory p = _params();
        p.committeeSize = 0;
        _expectRefused(p, "committee of 1-31");
        p.committeeSize = 32;
        _expectRefused(p, "committee of 1-31");
        p.committeeSize = 31;
        _expectTaken(p);
    }

    /// @dev Stake must stay slashable for as long as a dispute about what stood behind it can last.
    function test_RevertWhen_UnstakingIsFasterThanADispute() external {
        Params memory p = _params();
        p.unstakeDelaySeconds = 170 + 41;
        _expectRefused(p, "unstake delay under a dispute");
        p.unstakeDelaySeconds = 170 + 42;
        _expectTaken(p);
    }

    function test_RevertWhen_SomethingTakesOverTenYears() external {
        Params memory p = _params();
        p.unstakeDelaySeconds = 3650 days + 1;
        _expectRefused(p, "over ten years");
        p.unstakeDelaySeconds = type(uint40).max;
        _expectRefused(p, "over ten years");
        p.unstakeDelaySeconds = 3650 days;
        _expectTaken(p);
        p.commitGraceSeconds = 3650 days - 169;
        _expectRefused(p, "over ten years");
        p.commitGraceSeconds = 3650 days - 170;
        _expectTaken(p);
    }

    // ------------------------------------------------------------------------------ Market

    function _annex(bytes memory arguments) internal returns (address) {
        return vm.deployCode("Annex.sol:Annex", arguments);
    }

    /// @dev `terms` with the market's own token, beacon and arbiter.
    function _arguments(ITerms terms) internal view returns (bytes memory) {
        return abi.encode(token, beacon, arbiter, terms);
    }

    function test_RevertWhen_TheAnnexIsAnotherMarkets() external {
        ITerms terms = market.terms();
        ITerms others = new Terms(_params(), guardian, governor);
        _expectWrongAnnex(_annex(_arguments(others)));
        _expectWrongAnnex(_annex(abi.encode(stranger, beacon, arbiter, terms)));
        _expectWrongAnnex(_annex(abi.encode(token, stranger, arbiter, terms)));
        _expectWrongAnnex(_annex(abi.encode(token, beacon, stranger, terms)));
        bytes memory own = _arguments(terms);
        deploy(bytes.concat(own, abi.encode(_annex(own))));
    }

    function _expectWrongAnnex(address annex) internal {
        bytes memory arguments = bytes.concat(_arguments(market.terms()), abi.encode(annex));
        bytes memory wanted = abi.encodeWithSelector(IMarketErrors.WrongAnnex.selector, annex);
        (bool isDone, bytes memory error_) =
            address(this).call(abi.encodeCall(this.deploy, (arguments)));
        vm.assertFalse(isDone);
        vm.assertTrue(_contains(error_, wanted));
    }

    function deploy(bytes memory arguments) public returns (address) {
        return vm.deployCode("Market.sol:Market", arguments);
    }

    /// @dev The cheatcode wraps the constructor's error in a text of its own.
    function _contains(bytes memory text, bytes memory part) internal pure returns (bool) {
        for (uint256 i; i + part.length <= text.length; ++i) {
            uint256 k;
            while (k < part.length && text[i + k] == part[k]) ++k;
            if (k == part.length) return true;
        }
        return false;
    }
}
