// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITerms} from "../src/interfaces/ITerms.sol";
import {Batch} from "../src/types/Batch.sol";
import {Dispute} from "../src/types/Dispute.sol";
import {DisputeTerms} from "../src/types/DisputeTerms.sol";
import {LeaseResult} from "../src/types/LeaseResult.sol";
import {Params} from "../src/types/Params.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// @notice What the tests of a governor share.
abstract contract Governed is Fixture {
    uint256 internal constant NOTICE_SECONDS = 1170; // 1000 to unstake, 170 for a dispute

    ITerms internal terms;

    function setUp() public virtual override {
        super.setUp();
        terms = market.terms();
    }

    /// @dev Of other size in each: 20 credits, 100 and 80 prices, five members.
    function _others() internal pure returns (DisputeTerms memory) {
        return DisputeTerms(20 ether, 100, 80, 5);
    }

    function _propose(DisputeTerms memory wanted) internal {
        vm.prank(governor);
        terms.propose(wanted);
    }

    function _enact(DisputeTerms memory wanted) internal {
        _propose(wanted);
        vm.warp(_now() + NOTICE_SECONDS + 1);
        terms.enact();
    }

    function _current() internal view returns (DisputeTerms memory) {
        return terms.disputeTerms();
    }

    function _assertSame(DisputeTerms memory left, DisputeTerms memory right) internal pure {
        vm.assertEq(keccak256(abi.encode(left)), keccak256(abi.encode(right)));
    }

    function _deployedTerms() internal pure returns (DisputeTerms memory) {
        Params memory p = _params();
        return DisputeTerms(p.disputeBondWei, p.slashMultiple, p.concedeMultiple, p.committeeSize);
    }

    function _expectNotTheGovernor(address caller) internal {
        _expect(abi.encodeWithSelector(ITerms.NotTheGovernor.selector, governor, caller));
        vm.prank(caller);
    }
}

contract GovernanceTest is Governed {
    function _expectRefused(DisputeTerms memory wanted, string memory reason) internal {
        _expect(abi.encodeWithSelector(ITerms.InvalidParams.selector, reason));
        _propose(wanted);
    }

    function _assertNothingProposed() internal view {
        (DisputeTerms memory wanted, uint40 noticeEndsAt, uint40 lapsesAt) = terms.proposal();
        _assertSame(wanted, DisputeTerms(0, 0, 0, 0));
        vm.assertEq(noticeEndsAt, 0);
        vm.assertEq(lapsesAt, 0);
    }

    function _bond(uint96 bondWei) internal pure returns (DisputeTerms memory wanted) {
        wanted = _others();
        wanted.disputeBondWei = bondWei;
    }

    function _multiples(uint32 slash, uint32 concession)
        internal
        pure
        returns (DisputeTerms memory wanted)
    {
        wanted = _others();
        wanted.slashMultiple = slash;
        wanted.concedeMultiple = concession;
    }

    function _committee(uint8 size) internal pure returns (DisputeTerms memory wanted) {
        wanted = _others();
        wanted.committeeSize = size;
    }

    // ------------------------------------------------------------------------------ propose

    function test_OnlyTheGovernorProposes() external {
        address[4] memory others = [stranger, operator, guardian, address(market)];
        for (uint256 i; i < others.length; ++i) {
            _expectNotTheGovernor(others[i]);
            terms.propose(_others());
        }
        vm.assertEq(terms.governor(), governor);
    }

    function test_GivenNoGovernor_Nobody() external {
        governor = address(0);
        _deploy();
        terms = market.terms();
        _expectNotTheGovernor(stranger);
        terms.propose(_others());
        _expectNotTheGovernor(guardian);
        terms.withdrawProposal();
        vm.assertEq(terms.governor(), address(0));
    }

    function test_RevertWhen_TheBondIsTooSmallOrTooLarge() external {
        string memory reason = "a bond of a quarter to four times the first one";
        _expectRefused(_bond(2.5 ether - 1), reason);
        _expectRefused(_bond(40 ether + 1), reason);
        _expectRefused(_bond(0), reason);
        _expectRefused(_bond(type(uint96).max), reason);
        _propose(_bond(2.5 ether));
        _propose(_bond(40 ether));
    }

    function test_RevertWhen_LosingIsTooCheapOrTooDear() external {
        string memory reason = "losing costs 60 to 120 prices";
        _expectRefused(_multiples(59, 50), reason);
        _expectRefused(_multiples(121, 50), reason);
        _expectRefused(_multiples(type(uint32).max, 50), reason);
        _propose(_multiples(60, 50));
        _propose(_multiples(120, 120));
    }

    function test_RevertWhen_ConcedingIsTooCheapOrDearerThanLosing() external {
        string memory reason = "conceding costs 50 prices, and no more than losing";
        _expectRefused(_multiples(60, 49), reason);
        _expectRefused(_multiples(60, 61), reason);
        _expectRefused(_multiples(60, 0), reason);
        _propose(_multiples(60, 60));
    }

    function test_RevertWhen_TheCommitteeIsTooSmallTooLargeOrEven() external {
        string memory reason = "an odd committee of 3-31";
        uint8[6] memory bad = [0, 1, 2, 4, 30, 33];
        for (uint256 i; i < bad.length; ++i) {
            _expectRefused(_committee(bad[i]), reason);
        }
        _propose(_committee(3));
        _propose(_committee(31));
    }

    /// @dev Whatever is asked for: it is taken exactly if it is within these bounds.
    function testFuzz_Bounds(uint96 bondWei, uint32 slash, uint32 concession, uint8 size) external {
        bondWei %= 50 ether;
        slash %= 140;
        concession %= 140;
        bool isWithin = bondWei >= 2.5 ether && bondWei <= 40 ether && slash >= 60 && slash <= 120
            && concession >= 50 && concession <= slash && size >= 3 && size <= 31 && size % 2 == 1;
        vm.prank(governor);
        try terms.propose(DisputeTerms(bondWei, slash, concession, size)) {
            vm.assertTrue(isWithin);
        } catch {
            vm.assertFalse(isWithin);
        }
    }

    function testFuzz_WhatIsWithinBoundsIsEnacted(
        uint96 bondWei,
        uint32 slash,
        uint32 concession,
        uint8 size
    ) external {
        slash = 60 + slash % 61;
        DisputeTerms memory wanted = DisputeTerms(
            2.5 ether + bondWei % 37.5 ether,
            slash,
            50 + concession % (slash - 49),
            3 + size % 15 * 2
        );
        _enact(wanted);
        _assertSame(_current(), wanted);
    }

    function test_AProposalWaits() external {
        uint40 noticeEndsAt = uint40(_now() + NOTICE_SECONDS);
        vm.expectEmit(address(terms));
        emit ITerms.ParamsProposed(_others(), noticeEndsAt, noticeEndsAt + 7 days);
        _propose(_others());
        (DisputeTerms memory wanted, uint40 endsAt, uint40 lapsesAt) = terms.proposal();
        _assertSame(wanted, _others());
        vm.assertEq(endsAt, noticeEndsAt);
        vm.assertEq(lapsesAt, noticeEndsAt + 7 days);
        vm.warp(noticeEndsAt + 1);
        _assertSame(_current(), _deployedTerms());
        vm.assertEq(keccak256(abi.encode(terms.params())), keccak256(abi.encode(_params())));
    }

    function test_ANewProposalReplacesTheOldOne_AndTheNoticeBeginsAnew() external {
        _propose(_others());
        vm.warp(_now() + NOTICE_SECONDS);
        uint256 noticeEndsAt = _now() + NOTICE_SECONDS;
        _propose(_committee(7));
        vm.warp(_now() + 1);
        _expect(abi.encodeWithSelector(ITerms.NoticeRunning.selector, noticeEndsAt));
        terms.enact();
        vm.warp(noticeEndsAt + 1);
        terms.enact();
        _assertSame(_current(), _committee(7));
    }

    /// @dev Else one proposal after another would go anywhere.
    function test_BoundsStayThoseOfTheDeployment() external {
        _enact(_bond(40 ether));
        _expectRefused(_bond(40 ether + 1), "a bond of a quarter to four times the first one");
        _enact(_bond(2.5 ether));
        _expectRefused(_bond(2.5 ether - 1), "a bond of a quarter to four times the first one");
        _enact(_deployedTerms());
        _assertSame(_current(), _deployedTerms());
    }

    // ------------------------------------------------------------------------------ withdrawProposal

    function test_OnlyTheGovernorWithdraws() external {
        _propose(_others());
        _expectNotTheGovernor(stranger);
        terms.withdrawProposal();
    }

    function test_WhatIsWithdrawnIsGone() external {
        _propose(_others());
        vm.expectEmit(address(terms));
        emit ITerms.ProposalWithdrawn();
        vm.prank(governor);
        terms.withdrawProposal();
        _assertNothingProposed();
        vm.warp(_now() + NOTICE_SECONDS + 1);
        vm.expectRevert(ITerms.NoProposal.selector);
        terms.enact();
        vm.expectRevert(ITerms.NoProposal.selector);
        vm.prank(governor);
        terms.withdrawProposal();
        _assertSame(_current(), _deployedTerms());
    }

    // ------------------------------------------------------------------------------ enact

    function test_RevertWhen_NothingIsProposed() external {
        vm.expectRevert(ITerms.NoProposal.selector);
        terms.enact();
        vm.expectRevert(ITerms.NoProposal.selector);
        vm.prank(governor);
        terms.withdrawProposal();
    }

    function test_RevertWhen_TheNoticeRuns() external {
        uint256 noticeEndsAt = _now() + NOTICE_SECONDS;
        _propose(_others());
        uint256[3] memory early = [_now(), noticeEndsAt - 1, noticeEndsAt];
        for (uint256 i; i < early.length; ++i) {
            vm.warp(early[i]);
            _expect(abi.encodeWithSelector(ITerms.NoticeRunning.selector, noticeEndsAt));
            vm.prank(governor);
            terms.enact();
        }
    }

    function test_RevertWhen_ItWasNotEnactedInTime() external {
        _propose(_others());
        uint256 lapsesAt = _now() + NOTICE_SECONDS + 7 days;
        vm.warp(lapsesAt + 1);
        _expect(abi.encodeWithSelector(ITerms.ProposalLapsed.selector, lapsesAt));
        terms.enact();
        _enact(_others());
        _assertSame(_current(), _others());
    }

    function test_InItsLastSecondItStillCan() external {
        _propose(_others());
        vm.warp(_now() + NOTICE_SECONDS + 7 days);
        terms.enact();
        _assertSame(_current(), _others());
    }

    function test_AnyoneEnacts_OnlyTheFourTermsChange() external {
        _propose(_others());
        vm.warp(_now() + NOTICE_SECONDS + 1);
        vm.expectEmit(address(terms));
        emit ITerms.ParamsEnacted(_others());
        vm.prank(stranger);
        terms.enact();
        Params memory wanted = _params();
        wanted.disputeBondWei = 20 ether;
        wanted.slashMultiple = 100;
        wanted.concedeMultiple = 80;
        wanted.committeeSize = 5;
        vm.assertEq(keccak256(abi.encode(terms.params())), keccak256(abi.encode(wanted)));
        _assertNothingProposed();
        vm.expectRevert(ITerms.NoProposal.selector);
        terms.enact();
    }

    // ------------------------------------------------------------------------------ the notice

    function test_TheNoticeIsAnUnstakingDelayAndTheLongestDispute() external view {
        Params memory p = _params();
        uint256 longest = p.disputeWindowSeconds + p.concedeSeconds + p.commitSeconds
            + p.revealSeconds + p.openSeconds;
        vm.assertEq(terms.noticeSeconds(), p.unstakeDelaySeconds + longest);
        vm.assertEq(terms.noticeSeconds(), NOTICE_SECONDS);
    }

    // ------------------------------------------------------------------------------ a dispute

    function _stake() internal {
        vm.prank(provider);
        market.stake(1000 ether);
    }

    function _contestedWork() internal returns (LeaseResult memory wrong, uint256 disputeId) {
        wrong = _leaseWithFault(_openDefault(), 0, 4, 1);
        (, Batch memory batch) = _commitOne(wrong);
        disputeId = _dispute(batch, 0, 1);
    }

    function _judge(LeaseResult memory wrong, uint256 disputeId) internal {
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, wrong, 1, 1);
        arbiter.resolve(disputeId);
    }

    function test_ALaterDisputeIsUnderTheEnactedTerms() external {
        _stake();
        _enact(_others());
        (LeaseResult memory wrong, uint256 disputeId) = _contestedWork();
        Dispute memory contested = market.dispute(disputeId);
        vm.assertEq(contested.bondWei, 20 ether);
        vm.assertEq(contested.slashMultiple, 100);
        vm.assertEq(contested.concedeMultiple, 80);
        vm.assertEq(contested.committeeSize, 5);
        _judge(wrong, disputeId);
        vm.assertEq(arbiter.committee(disputeId).members.length, 5);
        vm.assertEq(_stakeOf(provider), 900 ether);
    }

    function test_ALaterConcessionIsUnderTheEnactedTerms() external {
        _stake();
        _enact(_others());
        (, uint256 disputeId) = _contestedWork();
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertEq(_stakeOf(provider), 920 ether);
    }

    /// @dev Opened in the last second of the notice, conceded after the change.
    function test_AnEarlierConcessionIsUnderTheEarlierTerms() external {
        _stake();
        _propose(_others());
        vm.warp(_now() + NOTICE_SECONDS);
        (, uint256 disputeId) = _contestedWork();
        vm.warp(_now() + 1);
        terms.enact();
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertEq(_stakeOf(provider), 950 ether);
    }

    function test_AnEarlierDisputeIsJudgedByTheEarlierTerms() external {
        _stake();
        _propose(_others());
        vm.warp(_now() + NOTICE_SECONDS);
        (LeaseResult memory wrong, uint256 disputeId) = _contestedWork();
        vm.warp(_now() + 1);
        terms.enact();
        _judge(wrong, disputeId);
        vm.assertEq(arbiter.committee(disputeId).members.length, 3);
        vm.assertEq(_stakeOf(provider), 940 ether);
        vm.assertTrue(_balance(challenger) > FUNDS); // its bond, and a part of the slash
    }
}
