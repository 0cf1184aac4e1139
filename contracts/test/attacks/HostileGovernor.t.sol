// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {ITerms} from "../../src/interfaces/ITerms.sol";
import {Batch, BatchId} from "../../src/types/Batch.sol";
import {Ruling} from "../../src/types/Dispute.sol";
import {DisputeTerms} from "../../src/types/DisputeTerms.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Governed} from "../Governance.t.sol";
import {vm} from "../Vm.sol";

/// @notice A governor that is everybody's enemy, and what it cannot do.
contract HostileGovernorTest is Governed {
    function setUp() public override {
        super.setUp();
        vm.prank(provider);
        market.stake(4000 ether);
    }

    /// @dev The dearest that there is.
    function _worst() internal pure returns (DisputeTerms memory) {
        return DisputeTerms(40 ether, 120, 120, 31);
    }

    function _holdings() internal view returns (bytes32) {
        address[3] memory who = [requester, provider, challenger];
        bytes memory all = abi.encode(token.balanceOf(address(market)), market.burntWei());
        for (uint256 i; i < who.length; ++i) {
            all = abi.encode(all, market.account(who[i]));
        }
        for (uint32 i; i < market.seatCount(); ++i) {
            (uint96 stakeWei,, uint32 duties) = market.seatStake(i);
            all = abi.encode(all, stakeWei, duties);
        }
        return keccak256(all);
    }

    // ------------------------------------------------------------------------------ credits

    function test_NothingThatItCanDoMovesACredit() external {
        _openDefault();
        bytes32 before = _holdings();
        _propose(_worst());
        vm.prank(governor);
        terms.withdrawProposal();
        _enact(_worst());
        vm.assertEq(_holdings(), before);
    }

    function test_OfMarketItCanAskNothing() external {
        vm.startPrank(governor);
        _expect(abi.encodeWithSelector(IMarketErrors.NotTheGuardian.selector, guardian, governor));
        market.pauseIntake(1);
        _expect(abi.encodeWithSelector(IMarketErrors.NotTheArbiter.selector, arbiter, governor));
        Ruling memory ruling;
        market.rule(1, ruling);
        _expect(abi.encodeWithSelector(IMarketErrors.NotTheArbiter.selector, arbiter, governor));
        market.holdSeats(1, new uint32[](1));
        _expect(abi.encodeWithSelector(IMarketErrors.InsufficientBalance.selector, governor, 1, 0));
        market.withdraw(1, governor);
        vm.stopPrank();
    }

    // ------------------------------------------------------------------------------ the notice

    /// @dev Whatever it proposes meanwhile: nothing counts within a whole notice of being proposed.
    function testFuzz_NothingShortensANotice(uint256 random) external {
        uint256 proposedAt;
        for (uint256 i; i < 20; ++i) {
            uint256 lot = uint256(keccak256(abi.encode(random, i)));
            vm.warp(_now() + (lot >> 8) % (2 * NOTICE_SECONDS));
            if (lot % 4 == 0) {
                vm.prank(governor);
                try terms.withdrawProposal() {} catch {}
            } else if (lot % 4 == 1) {
                try terms.enact() {
                    vm.assertTrue(_now() > proposedAt + NOTICE_SECONDS);
                } catch {}
            } else {
                proposedAt = _now();
                _propose(lot % 4 == 2 ? _worst() : _others());
            }
        }
    }

    function test_ReplacingSomethingHarmlessAtTheLastSecondDoesNotHelp() external {
        _propose(_deployedTerms());
        vm.warp(_now() + NOTICE_SECONDS);
        _propose(_worst());
        vm.warp(_now() + 1);
        vm.expectRevert();
        terms.enact();
        _assertSame(_current(), _deployedTerms());
    }

    // ------------------------------------------------------------------------------ disputes

    function _wrongWork() internal returns (LeaseResult memory wrong, Batch memory batch) {
        wrong = _leaseWithFault(_openDefault(), 0, 4, 1);
        (, batch) = _commitOne(wrong);
    }

    function test_ADisputeThatAllHaveLeftLyingKeepsItsTerms() external {
        (LeaseResult memory wrong, Batch memory batch) = _wrongWork();
        uint256 disputeId = _dispute(batch, 0, 1);
        _enact(_worst());
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, wrong, 1, 1);
        arbiter.resolve(disputeId);
        vm.assertEq(arbiter.committee(disputeId).members.length, 3);
        vm.assertEq(_stakeOf(provider), 3940 ether);
        vm.assertEq(market.dispute(disputeId).bondWei, 15 ether);
    }

    function test_EarlierWorkCannotBeContestedUnderTheNewTerms() external {
        (, Batch memory batch) = _wrongWork();
        bytes32 batchId = BatchId.idOf(batch);
        uint256 endsAt = _windowEndsAt(batchId);
        _enact(_worst());
        vm.assertTrue(_now() > endsAt);
        _expect(abi.encodeWithSelector(IMarketErrors.WindowOver.selector, batchId, endsAt));
        _dispute(batch, 0, 1);
    }

    // ------------------------------------------------------------------------------ getting out

    /// @dev It stops as late as `noticeSeconds` allows; its last work is contested in the last second, and all
    /// take their time.
    function test_AProviderThatDisagreesIsOut() external {
        _propose(_worst());
        _wait(170);
        (LeaseResult memory wrong, Batch memory batch) = _wrongWork();
        vm.prank(provider);
        market.requestUnstake(4000 ether);
        vm.warp(_windowEndsAt(BatchId.idOf(batch)));
        _judgeSlowly(wrong, _dispute(batch, 0, 1));
        _endNotice();
        market.unstake(provider);
        vm.assertEq(_balance(provider), FUNDS - 60 ether); // slashed by the terms that it knew
        vm.expectRevert();
        terms.enact();
    }

    /// @dev All leave right after a dispute was opened that they are still drawn for.
    function test_AVerifierThatDisagreesIsOut() external {
        _propose(_worst());
        _wait(169);
        (LeaseResult memory wrong, Batch memory batch) = _wrongWork();
        uint256 disputeId = _dispute(batch, 0, 1);
        _wait(1);
        for (uint32 i; i < VERIFIERS; ++i) {
            vm.prank(_verifier(i));
            market.leaveSeats(_seat(i));
        }
        _judgeSlowly(wrong, disputeId);
        vm.assertEq(arbiter.committee(disputeId).members.length, 3);
        _endNotice();
        for (uint32 i; i < VERIFIERS; ++i) {
            vm.prank(_verifier(i));
            market.releaseSeats(_seat(i));
        }
        vm.expectRevert();
        terms.enact();
    }

    function _seat(uint32 seatId) private pure returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = seatId;
    }

    function _endNotice() private {
        (, uint40 noticeEndsAt,) = terms.proposal();
        vm.assertTrue(_now() <= noticeEndsAt);
        vm.warp(noticeEndsAt);
    }

    /// @dev Votes, digests and the claim are shown in the last second of their phases.
    function _judgeSlowly(LeaseResult memory wrong, uint256 disputeId) private {
        address[] memory members = _drawCommittee(disputeId);
        vm.warp(arbiter.committee(disputeId).commitBy);
        for (uint256 i; i < members.length; ++i) {
            _vote(disputeId, members[i], _honest(1));
        }
        vm.warp(arbiter.committee(disputeId).revealBy);
        for (uint256 i; i < members.length; ++i) {
            _reveal(disputeId, members[i], _honest(1));
        }
        vm.warp(arbiter.committee(disputeId).openBy);
        _openClaim(disputeId, wrong, 1, 1);
        arbiter.resolve(disputeId);
    }
}
