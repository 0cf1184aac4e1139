// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {ITerms} from "../../src/interfaces/ITerms.sol";
import {Account} from "../../src/types/Account.sol";
import {Batch, Signature} from "../../src/types/Batch.sol";
import {Dispute, DisputeStatus, Ruling, Verdict} from "../../src/types/Dispute.sol";
import {DisputeTerms} from "../../src/types/DisputeTerms.sol";
import {Job} from "../../src/types/Job.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {Trees} from "../Trees.sol";
import {vm} from "../Vm.sol";

/// @notice What Market makes of rulings about results that nobody can call a fraud.
contract RuleTest is Fixture {
    uint32 internal constant TASK = 1;

    bytes32 internal jobId;
    bytes32 internal batchId;
    uint256 internal disputeId;
    LeaseResult internal lease;
    address[] internal voters;

    // ------------------------------------------------------------------------------ steps

    function _stake(uint96 amountWei) internal {
        _stakeFor(provider, amountWei);
    }

    function _stakeFor(address who, uint96 amountWei) internal {
        if (amountWei == 0) return;
        vm.prank(who);
        market.stake(amountWei);
    }

    /// @dev An operator has nothing in the fixture.
    function _stakeAsOperator(uint96 amountWei) internal {
        _enrich(operator, amountWei);
        _stakeFor(operator, amountWei);
    }

    function _contest() internal {
        jobId = _openDefault();
        lease = _lease(jobId, 0, 4);
        (batchId,) = _commitOne(lease);
        disputeId = _dispute(_committed(batchId), 0, TASK);
    }

    function _contestAgain(uint32 first) internal {
        lease = _lease(jobId, first, 2);
        (batchId,) = _commitOne(lease);
        disputeId = _dispute(_committed(batchId), 0, first);
    }

    function _voters(uint256 count) internal {
        delete voters;
        for (uint256 i; i < count; ++i) {
            voters.push(_verifier(i));
        }
    }

    function _ruling(Verdict verdict) internal view returns (Ruling memory ruling) {
        ruling.verdict = verdict;
        bool isOut = verdict == Verdict.OutOfTolerance;
        ruling.digest = isOut ? TaskResult.OUT_OF_TOLERANCE : TaskResult.UNAVAILABLE;
        ruling.majority = voters;
    }

    function _rule(Verdict verdict) internal {
        Ruling memory ruling = _ruling(verdict);
        vm.prank(address(arbiter));
        market.rule(disputeId, ruling);
    }

    function _either(uint256 i) internal pure returns (Verdict) {
        return i == 0 ? Verdict.OutOfTolerance : Verdict.Unavailable;
    }

    function _seatIds(uint32 first, uint32 count) internal pure returns (uint32[] memory ids) {
        ids = new uint32[](count);
        for (uint32 i; i < count; ++i) {
            ids[i] = first + i;
        }
    }

    // ------------------------------------------------------------------------------ out of tolerance

    function test_OutOfToleranceCostsAFirstConcessionAndPaysTheMajority() external {
        _stake(200 ether);
        _contest();
        _voters(3);
        uint256 each = uint256(10 ether) / 3;
        vm.expectEmit(address(market));
        emit IMarketEvents.DisputeResolved(disputeId, uint8(Verdict.OutOfTolerance));
        vm.expectEmit(address(market));
        emit IMarketEvents.Slashed(
            disputeId,
            provider,
            lease.leaseId,
            50 ether,
            1 ether,
            5 ether,
            3 * each,
            44 ether - 3 * each
        );
        vm.expectEmit(address(market));
        emit IMarketEvents.LeaseReleased(batchId, lease.leaseId, jobId);
        _rule(Verdict.OutOfTolerance);
        vm.assertEq(_stakeOf(provider), 150 ether);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether + 1 ether);
        vm.assertEq(_balance(challenger), FUNDS + 5 ether);
        for (uint256 i; i < 3; ++i) {
            vm.assertEq(_balance(_verifier(i)), FUNDS - 100 ether + each);
        }
        vm.assertEq(market.burntWei(), 44 ether - 3 * each);
        Dispute memory contested = market.dispute(disputeId);
        vm.assertTrue(contested.status == DisputeStatus.Resolved);
        vm.assertTrue(contested.verdict == Verdict.OutOfTolerance);
        vm.assertEq(contested.ruledDigest, TaskResult.OUT_OF_TOLERANCE);
    }

    function test_WhereNobodyIsToBeRewardedThatPartBurns() external {
        _stake(200 ether);
        _contest();
        _rule(Verdict.OutOfTolerance);
        vm.assertEq(market.burntWei(), 44 ether);
    }

    function test_OfNothingItTakesNothing() external {
        _contest();
        _voters(3);
        _rule(Verdict.OutOfTolerance);
        vm.assertEq(market.burntWei(), 0);
        vm.assertEq(_balance(challenger), FUNDS);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether);
        vm.assertEq(_balance(_verifier(0)), FUNDS - 100 ether);
    }

    function test_OfAWeiItBurnsAWei() external {
        _stake(1);
        _contest();
        _voters(3);
        _rule(Verdict.OutOfTolerance);
        vm.assertEq(_stakeOf(provider), 0);
        vm.assertEq(market.burntWei(), 1);
    }

    function test_WhatIsBeingUnstakedPaysToo() external {
        _stake(50 ether);
        _contest();
        vm.prank(provider);
        market.requestUnstake(20 ether);
        _rule(Verdict.OutOfTolerance);
        Account memory left = market.account(provider);
        vm.assertEq(uint256(left.stakeWei) + left.unstakingWei, 0);
        vm.assertEq(market.burntWei(), 44 ether);
    }

    function test_ItCostsAsMuchHoweverOften() external {
        _stake(200 ether);
        _contest();
        _rule(Verdict.OutOfTolerance);
        for (uint32 i = 1; i < 4; ++i) {
            _forward(1);
            _contestAgain(4 * i);
            _rule(Verdict.OutOfTolerance);
            vm.assertEq(_stakeOf(provider), 200 ether - 50 ether * (i + 1));
        }
        vm.assertEq(market.account(provider).strikes, 0);
    }

    /// @dev A strike makes the next concession dearer, and no result that is out of tolerance.
    function test_ItCostsAsMuchWhateverItsProviderConcededBefore() external {
        _stake(200 ether);
        _contest();
        vm.prank(provider);
        market.concede(disputeId);
        _forward(1);
        _contestAgain(4);
        _rule(Verdict.OutOfTolerance);
        vm.assertEq(_stakeOf(provider), 100 ether);
        vm.assertEq(market.account(provider).strikes, 1);
        vm.assertEq(market.account(provider).forfeitBlock, 0);
    }

    /// @dev 55 times the price, if it is contested once that is enacted.
    function test_ItsPriceIsThatOfTheTermsWhenItWasOpened() external {
        _stake(200 ether);
        _enactWhileContested(Verdict.OutOfTolerance, provider);
    }

    // ------------------------------------------------------------------------------ to the wei

    struct Purse {
        uint256 requesterWei;
        uint256 challengerWei;
        uint256 votersWei;
        uint256 burntWei;
        uint256 behindWei;
    }

    /// @dev `who` has to pay.
    function _purse(address who) internal view returns (Purse memory purse) {
        Account memory own = market.account(who);
        purse.requesterWei = _balance(requester);
        purse.challengerWei = _balance(challenger);
        for (uint256 i; i < VERIFIERS; ++i) {
            purse.votersWei += _balance(_verifier(i));
        }
        purse.burntWei = market.burntWei();
        purse.behindWei = uint256(own.stakeWei) + own.unstakingWei;
    }

    /// @dev From a wei to nearly all that a job, and an account, can hold.
    function testFuzz_ThePartsOfAResultOutOfTolerance(
        uint96 priceWei,
        uint96 stakeWei,
        uint96 unstakingWei,
        uint8 scale,
        uint8 count
    ) external {
        uint256 most = 1 << (1 + scale % 86);
        priceWei = uint96(1 + priceWei % most);
        stakeWei = uint96(stakeWei % (64 * most));
        unstakingWei = stakeWei == 0 ? 0 : uint96(unstakingWei % stakeWei);
        _voters(count % (VERIFIERS + 1));
        _contestRich(provider, priceWei, stakeWei, unstakingWei);
        Purse memory before = _purse(provider);
        _rule(Verdict.OutOfTolerance);
        _checkParts(provider, before, priceWei, stakeWei);
    }

    function test_ThePartsOfTheLargestStakeAndPrice() external {
        _voters(5);
        uint96 priceWei = uint96(uint256(1 << 86) - 1);
        uint96 stakeWei = uint96(uint256(1 << 93));
        _contestRich(provider, priceWei, stakeWei, 5);
        Purse memory before = _purse(provider);
        _rule(Verdict.OutOfTolerance);
        _checkParts(provider, before, priceWei, stakeWei);
        vm.assertEq(_purse(provider).behindWei, stakeWei - 50 * uint256(priceWei));
    }

    /// @dev The same, of an operator's fine: only that the majority gets nothing.
    function testFuzz_ThePartsOfAFine(
        uint96 priceWei,
        uint96 stakeWei,
        uint96 unstakingWei,
        uint8 scale,
        uint8 count
    ) external {
        uint256 most = 1 << (1 + scale % 86);
        priceWei = uint96(1 + priceWei % most);
        stakeWei = uint96(stakeWei % (64 * most));
        unstakingWei = stakeWei == 0 ? 0 : uint96(unstakingWei % stakeWei);
        _voters(count % (VERIFIERS + 1));
        _contestRich(operator, priceWei, stakeWei, unstakingWei);
        Purse memory before = _purse(operator);
        _rule(Verdict.Unavailable);
        delete voters;
        _checkParts(operator, before, priceWei, stakeWei);
    }

    function _contestRich(address payer, uint96 priceWei, uint96 stakeWei, uint96 unstakingWei)
        internal
    {
        _enrich(requester, 1 << 90);
        _enrich(challenger, 1 << 92);
        _enrich(payer, 1 << 94);
        _stakeFor(payer, stakeWei);
        Job memory job = _job();
        job.taskCount = 3;
        job.maxPricePerTask = priceWei + 1;
        job.auditBudget = 0;
        job.relayerFee = 0;
        jobId = _open(job);
        lease = _lease(jobId, 0, 3);
        lease.amount = 3 * priceWei + 2; // its price per task is rounded down
        (batchId,) = _commitOne(lease);
        if (unstakingWei != 0) {
            vm.prank(payer);
            market.requestUnstake(unstakingWei);
        }
        disputeId = _dispute(_committed(batchId), 0, TASK);
    }

    function _enrich(address who, uint96 amountWei) internal {
        token.mint(who, amountWei);
        vm.startPrank(who);
        token.approve(address(market), type(uint256).max);
        market.deposit(amountWei);
        vm.stopPrank();
    }

    function _checkParts(address payer, Purse memory before, uint256 priceWei, uint256 stakeWei)
        internal
        view
    {
        uint256 taken = 50 * priceWei < stakeWei ? 50 * priceWei : stakeWei;
        uint256 toRequester = taken / 2 < priceWei ? taken / 2 : priceWei;
        uint256 bondWei = 15 * priceWei < 10 ether ? 10 ether : 15 * priceWei;
        uint256 each = voters.length == 0 ? 0 : taken / 5 / voters.length;
        uint256 toVoters = each * voters.length;
        Purse memory since = _purse(payer);
        vm.assertEq(before.behindWei - since.behindWei, taken, "taken");
        vm.assertEq(since.requesterWei - before.requesterWei, toRequester, "requester");
        vm.assertEq(since.challengerWei - before.challengerWei, taken / 10 + bondWei, "challenger");
        vm.assertEq(since.votersWei - before.votersWei, toVoters, "majority");
        vm.assertEq(
            since.burntWei - before.burntWei, taken - toRequester - taken / 10 - toVoters, "burnt"
        );
    }

    // ------------------------------------------------------------------------------ unavailable

    function test_UnavailableInputsCostTheOperatorAFirstConcession() external {
        _stake(200 ether);
        _stakeAsOperator(60 ether);
        _contest();
        _voters(3);
        vm.expectEmit(address(market));
        emit IMarketEvents.DisputeResolved(disputeId, uint8(Verdict.Unavailable));
        vm.expectEmit(address(market));
        emit IMarketEvents.OperatorFined(disputeId, operator, 50 ether, 1 ether, 5 ether, 44 ether);
        vm.expectEmit(address(market));
        emit IMarketEvents.LeaseReleased(batchId, lease.leaseId, jobId);
        _rule(Verdict.Unavailable);
        vm.assertEq(_stakeOf(operator), 10 ether);
        vm.assertEq(_balance(operator), 0);
        vm.assertEq(_stakeOf(provider), 200 ether);
        vm.assertEq(_balance(provider), FUNDS - 200 ether);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether + 1 ether);
        vm.assertEq(_balance(challenger), FUNDS + 5 ether);
        vm.assertEq(market.burntWei(), 44 ether);
        for (uint256 i; i < 3; ++i) {
            vm.assertEq(_balance(_verifier(i)), FUNDS - 100 ether);
        }
    }

    function test_AFineIsNoStrike_AndForfeitsNothing() external {
        _stakeAsOperator(200 ether);
        _contest();
        for (uint32 i = 1; i < 4; ++i) {
            _rule(Verdict.Unavailable);
            Account memory fined = market.account(operator);
            vm.assertEq(fined.stakeWei, 200 ether - 50 ether * i);
            vm.assertEq(fined.strikes, 0);
            vm.assertEq(fined.forfeitBlock, 0);
            vm.assertEq(fined.openDisputes, 0);
            _forward(1);
            _contestAgain(4 * i);
        }
    }

    function test_WhatAnOperatorIsUnstakingPaysToo() external {
        _stakeAsOperator(50 ether);
        _contest();
        vm.prank(operator);
        market.requestUnstake(20 ether);
        _rule(Verdict.Unavailable);
        Account memory left = market.account(operator);
        vm.assertEq(uint256(left.stakeWei) + left.unstakingWei, 0);
        vm.assertEq(market.burntWei(), 44 ether);
    }

    function test_OfAnOperatorsWeiItBurnsAWei() external {
        _stakeAsOperator(1);
        _contest();
        vm.expectEmit(address(market));
        emit IMarketEvents.OperatorFined(disputeId, operator, 1, 0, 0, 1);
        _rule(Verdict.Unavailable);
        vm.assertEq(_stakeOf(operator), 0);
        vm.assertEq(market.burntWei(), 1);
    }

    /// @dev 55 times the price, if it is contested once that is enacted.
    function test_AFineIsThatOfTheTermsWhenItWasOpened() external {
        _stakeAsOperator(200 ether);
        _enactWhileContested(Verdict.Unavailable, operator);
    }

    /// @dev Of the 200 that `payer` has: 50 times the price under the old terms, 55 under the new ones.
    function _enactWhileContested(Verdict verdict, address payer) private {
        ITerms terms = market.terms();
        vm.prank(governor);
        terms.propose(DisputeTerms(10 ether, 60, 55, 3));
        (, uint40 noticeEndsAt,) = terms.proposal();
        vm.warp(uint256(noticeEndsAt) + 1);
        Job memory job = _job();
        job.deadline = uint40(_now() + 1 hours);
        _delegate(PROVIDER_KEY, device, uint40(_now() + 1 days), 2);
        jobId = _open(job);
        _contestAgain(0);
        terms.enact();
        _rule(verdict);
        vm.assertEq(_stakeOf(payer), 150 ether);
        _forward(1);
        _contestAgain(4);
        _rule(verdict);
        vm.assertEq(_stakeOf(payer), 95 ether);
    }

    /// @dev Another dispute about the lease has fined it already.
    function test_ALeaseFinesItsOperatorOnce() external {
        _stakeAsOperator(200 ether);
        _contest();
        uint256 first = disputeId;
        disputeId = _dispute(_committed(batchId), 0, TASK + 1);
        _rule(Verdict.Unavailable);
        disputeId = first;
        _rule(Verdict.Unavailable);
        vm.assertTrue(market.dispute(first).verdict == Verdict.None);
        vm.assertEq(_stakeOf(operator), 150 ether);
    }

    /// @dev Whatever else is ruled costs an operator nothing.
    function test_OtherVerdictsFineNoOperator() external {
        _stakeAsOperator(200 ether);
        _contest();
        for (uint8 i; i < 4; ++i) {
            _rule(Verdict(i));
            vm.assertEq(_stakeOf(operator), 200 ether);
            _forward(1);
            _contestAgain(4 + 2 * i);
        }
    }

    function test_AnOperatorWithoutStakePaysNothing() external {
        _stake(200 ether);
        _contest();
        _voters(3);
        vm.expectEmit(address(market));
        emit IMarketEvents.DisputeResolved(disputeId, uint8(Verdict.Unavailable));
        vm.expectEmit(address(market), 0);
        emit IMarketEvents.OperatorFined(disputeId, operator, 0, 0, 0, 0);
        _rule(Verdict.Unavailable);
        vm.assertEq(_stakeOf(provider), 200 ether);
        vm.assertEq(_balance(provider), FUNDS - 200 ether);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether);
        vm.assertEq(_balance(challenger), FUNDS);
        vm.assertEq(market.burntWei(), 0);
        for (uint256 i; i < 3; ++i) {
            vm.assertEq(_balance(_verifier(i)), FUNDS - 100 ether);
        }
        vm.assertTrue(market.dispute(disputeId).verdict == Verdict.Unavailable);
        vm.assertEq(market.dispute(disputeId).ruledDigest, TaskResult.UNAVAILABLE);
    }

    // ------------------------------------------------------------------------------ either

    function test_ItIsNoStrike_AndALaterConcessionIsTheFirst() external {
        _stake(200 ether);
        _contest();
        for (uint256 i; i < 2; ++i) {
            _rule(_either(i));
            vm.assertEq(market.account(provider).strikes, 0);
            vm.assertEq(market.account(provider).forfeitBlock, 0);
            vm.assertEq(market.account(provider).openDisputes, 0);
            _forward(1);
            _contestAgain(uint32(4 + 4 * i));
        }
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertEq(_stakeOf(provider), 100 ether); // 50 and 50
        vm.assertEq(market.account(provider).strikes, 1);
        vm.assertEq(market.account(provider).forfeitBlock, 0);
    }

    function test_NothingElseIsForfeited() external {
        _stake(200 ether);
        _contest();
        (bytes32 otherId, Batch memory other) = _commitOne(_lease(jobId, 10, 4));
        for (uint256 i; i < 2; ++i) {
            _rule(_either(i));
            _forward(1);
            _contestAgain(uint32(4 + 2 * i));
        }
        _rule(Verdict.ChallengerLost);
        _passWindow(otherId);
        market.settleBatch(other);
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
    }

    /// @dev A slash before has forfeited what was committed by then; not what came afterwards.
    function test_AnEarlierSlashForfeitsNoMoreForIt() external {
        _stake(1000 ether);
        _contest();
        _rule(Verdict.ProviderLost);
        uint256 slashBlock = vm.getBlockNumber();
        _forward(1);
        (bytes32 otherId, Batch memory other) = _commitOne(_lease(jobId, 10, 4));
        for (uint256 i; i < 2; ++i) {
            _contestAgain(uint32(4 + 2 * i));
            _rule(_either(i));
            vm.assertEq(market.account(provider).forfeitBlock, slashBlock);
            vm.assertEq(market.account(provider).strikes, 1);
        }
        _passWindow(otherId);
        market.settleBatch(other);
        vm.assertEq(_stateOf(jobId).settledTasks, 4);
    }

    function test_ItsTasksAreFree_AndItsResultIsVoid() external {
        jobId = _openDefault();
        for (uint32 i; i < 2; ++i) {
            LeaseResult[] memory leases = _one(_lease(jobId, 4 * i, 4));
            (batchId,) = _commit(leases);
            disputeId = _dispute(_committed(batchId), 0, 4 * i + 1);
            _rule(_either(i));
            vm.assertFalse(market.isTaskCommitted(jobId, 4 * i));
            vm.assertFalse(market.isTaskCommitted(jobId, 4 * i + 3));
            vm.assertEq(_stateOf(jobId).escrowWei, 20 ether);
            vm.assertEq(market.batch(batchId).finishedBits, 1);
            vm.assertEq(market.batch(batchId).disputedBits, 0);
            Batch memory again = _batchOf(leases);
            Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
            _expect(
                abi.encodeWithSelector(
                    IMarketErrors.ResultIsVoid.selector, jobId, leases[0].leaseId
                )
            );
            _commitSigned(again, signatures);
            _forward(1);
            _commitOne(_lease(jobId, 4 * i, 4));
        }
    }

    function test_TheBatchIsForgotten_AndTheRequesterRefunded() external {
        _contest();
        _rule(Verdict.Unavailable);
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        vm.assertEq(market.batch(batchId).lineCount, 0);
        vm.warp(START + 2 hours);
        market.closeJob(_jobOf[jobId]);
        vm.assertEq(_balance(requester), FUNDS - 0.1 ether);
    }

    function test_AnotherDisputeAboutTheLeaseIsMoot() external {
        _stake(200 ether);
        jobId = _openDefault();
        for (uint32 i; i < 2; ++i) {
            _contestAgain(4 * i);
            uint256 other = _dispute(_committed(batchId), 0, 4 * i + 1);
            uint256 before = _balance(challenger);
            _rule(_either(i));
            uint256 stakeWei = _stakeOf(provider);
            vm.assertTrue(market.isMoot(other));
            _expect(
                abi.encodeWithSelector(IMarketErrors.LeaseFinished.selector, batchId, uint256(0))
            );
            vm.prank(provider);
            market.concede(other);
            arbiter.resolve(other);
            vm.assertTrue(market.dispute(other).verdict == Verdict.None);
            vm.assertEq(_stakeOf(provider), stakeWei);
            vm.assertEq(_balance(challenger), before + 30 ether + (i == 0 ? 5 ether : 0));
            vm.assertEq(market.account(provider).openDisputes, 0);
        }
    }

    function test_TheProvidersOtherDisputesGoOn() external {
        _stake(200 ether);
        _contest();
        uint256 first = disputeId;
        _contestAgain(4);
        _rule(Verdict.Unavailable);
        vm.assertEq(market.account(provider).openDisputes, 1);
        disputeId = first;
        _rule(Verdict.ProviderLost);
        vm.assertEq(_stakeOf(provider), 140 ether);
    }

    /// @dev Neither says which digest is right.
    function test_NobodyThatAgreedIsContradicted() external {
        jobId = _openDefault();
        for (uint32 i; i < 2; ++i) {
            _contestAgain(4 * i);
            _passSeed(batchId);
            _accept(_committed(batchId), _claim(batchId, _committed(batchId), 0, 4 * i));
            _rule(_either(i));
            bytes32[] memory proof = Trees.proof(_resultLeaves(lease.leaseId, 4 * i, 2, NO_TASK), 0);
            _expect(abi.encodeWithSelector(IMarketErrors.NotContradicted.selector, disputeId));
            market.contradict(disputeId, 0, _honest(4 * i), _salt(4 * i), proof);
        }
    }

    function test_MembersArePunishedAsTheArbiterSays() external {
        jobId = _openDefault();
        for (uint32 i; i < 2; ++i) {
            _contestAgain(4 * i);
            Ruling memory ruling = _ruling(_either(i));
            ruling.seatIds = _seatIds(2 * i, 2);
            (ruling.offenders, ruling.absentees) = (1, 2);
            vm.startPrank(address(arbiter));
            market.holdSeats(disputeId, ruling.seatIds);
            market.rule(disputeId, ruling);
            vm.stopPrank();
            _requireSeat(2 * i, 0, false);
            _requireSeat(2 * i + 1, 100 ether, false);
            vm.assertEq(market.burntWei(), 100 ether * (i + 1));
        }
        _requireSeat(4, 100 ether, true);
    }

    function _requireSeat(uint32 seatId, uint256 stakeWei, bool isHeld) internal view {
        (uint96 found,, uint32 duties) = market.seatStake(seatId);
        vm.assertEq(found, stakeWei);
        vm.assertEq(duties, 0);
        vm.assertEq(market.seat(seatId).vacatedBlock == 0 ? 1 : 0, isHeld ? 1 : 0);
    }

    // ------------------------------------------------------------------------------ moot, refused

    function test_OnAMootDisputeItDoesNothing() external {
        _stake(200 ether);
        for (uint32 i; i < 2; ++i) {
            if (i == 0) jobId = _openDefault();
            _contestAgain(4 * i);
            uint256 first = disputeId;
            disputeId = _dispute(_committed(batchId), 0, 4 * i + 1);
            vm.prank(provider);
            market.concede(first);
            uint256 stakeWei = _stakeOf(provider);
            uint256 before = _balance(challenger);
            Ruling memory ruling = _ruling(_either(i));
            ruling.seatIds = _seatIds(0, 2);
            (ruling.offenders, ruling.absentees) = (1, 2);
            vm.startPrank(address(arbiter));
            market.holdSeats(disputeId, ruling.seatIds);
            market.rule(disputeId, ruling);
            vm.stopPrank();
            vm.assertTrue(market.dispute(disputeId).verdict == Verdict.None);
            vm.assertEq(_stakeOf(provider), stakeWei);
            vm.assertEq(_balance(challenger), before + 15 ether);
            _requireSeat(0, 100 ether, true);
            _requireSeat(1, 100 ether, true);
            _forward(1);
        }
    }

    function test_RevertWhen_SomebodyElseRules() external {
        _contest();
        for (uint256 i; i < 2; ++i) {
            Ruling memory ruling = _ruling(_either(i));
            _expect(
                abi.encodeWithSelector(
                    IMarketErrors.NotTheArbiter.selector, address(arbiter), challenger
                )
            );
            vm.prank(challenger);
            market.rule(disputeId, ruling);
        }
    }

    function test_RevertWhen_TheDisputeIsUnknownOrOver() external {
        _contest();
        _rule(Verdict.Unavailable);
        Ruling memory ruling = _ruling(Verdict.OutOfTolerance);
        vm.startPrank(address(arbiter));
        _expect(abi.encodeWithSelector(IMarketErrors.DisputeNotOpen.selector, disputeId));
        market.rule(disputeId, ruling);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownDispute.selector, disputeId + 1));
        market.rule(disputeId + 1, ruling);
        vm.stopPrank();
    }
}
