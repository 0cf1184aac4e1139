// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICommitteeArbiter} from "../../src/interfaces/ICommitteeArbiter.sol";
import {ITerms} from "../../src/interfaces/ITerms.sol";
import {Account} from "../../src/types/Account.sol";
import {
    AuditCommitment,
    AuditCommitmentHash,
    AuditResult,
    AuditResultHash,
    Equivocation
} from "../../src/types/AuditResult.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Dispute, Verdict} from "../../src/types/Dispute.sol";
import {DisputeTerms} from "../../src/types/DisputeTerms.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Trees} from "../Trees.sol";
import {WorkSteps} from "./WorkSteps.sol";
import {vm} from "../Vm.sol";

/// @notice Disputes, fair ones and others, before committees of which some members sleep, lie or do not
/// reveal, and what comes after them.
abstract contract DisputeSteps is WorkSteps {
    mapping(bytes32 task => uint256) private _disputeOf;
    mapping(bytes32 lease => uint256) private _inDisputeSince;
    mapping(uint256 disputeId => DisputeTerms) private _openedUnder;

    // ------------------------------------------------------------------------------ opening

    /// @dev It must work, where the window is open and the task was not contested before.
    function openDispute(uint256 random) external step {
        if (_openLines.length == 0) return;
        OpenLine memory open = _openLines[_pick(random, 1, _openLines.length)];
        uint256 wrong = _wrongTask[open.leaseId];
        uint256 any = open.firstTask + _pick(random, 2, open.count);
        uint32 task = uint32(wrong != NO_TASK && _pick(random, 3, 4) != 0 ? wrong : any);
        bytes32 key = keccak256(abi.encode(open.batchId, open.line, task));
        address who = _someone(random);
        bool isLate = _now() > _windowEndsAt(open.batchId);
        DisputeTerms memory terms = market.terms().disputeTerms();
        uint256 mostBondWei =
            terms.disputeBondWei + 15 * uint256(open.amount / open.count) + open.amount / 3;
        if (isLate || _disputeOf[key] != 0 || _balance(who) < mostBondWei) return;
        Batch memory batch = _committed(open.batchId);
        vm.prank(who);
        uint256 disputeId = market.openDispute(batch, open.line, task);
        _note(open.batchId, open.line);
        _allow(who, market.dispute(disputeId).bondWei);
        _disputeOf[key] = disputeId;
        _openedUnder[disputeId] = terms;
        _disputeIds.push(disputeId);
    }

    /// @dev When the lease came into dispute, if it is not in any yet.
    function _note(bytes32 batchId, uint8 line) private {
        for (uint256 i; i < _disputeIds.length; ++i) {
            Dispute memory other = market.dispute(_disputeIds[i]);
            if (other.batchId == batchId && other.line == line) return;
        }
        _inDisputeSince[keccak256(abi.encode(batchId, line))] = _now();
    }

    // ------------------------------------------------------------------------------ conceding

    function concede(uint256 random) external step {
        if (_disputeIds.length == 0) return;
        uint256 which = _pick(random, 1, _disputeIds.length);
        Dispute memory contested = market.dispute(_disputeIds[which]);
        uint256 since = _inDisputeSince[keccak256(abi.encode(contested.batchId, contested.line))];
        if (_now() > since + 10) {
            _concedeTooLate(which, contested);
            return;
        }
        if (market.isMoot(_disputeIds[which])) return;
        bool isFirst = market.account(contested.provider).strikes == 0;
        bool isByDevice = contested.provider == provider && _isDeviceLive();
        DisputeTerms memory terms = _openedUnder[_disputeIds[which]];
        uint256 multiple = isFirst ? terms.concedeMultiple : terms.slashMultiple;
        _allow(contested.provider, multiple * _pricePerTask(contested));
        vm.prank(isByDevice ? device : contested.provider);
        market.concede(_disputeIds[which]);
        _isLost[contested.leaseId] = true;
        _happened(isFirst ? "conceded" : "conceded again");
        _forget(which);
    }

    function _concedeTooLate(uint256 which, Dispute memory contested) private {
        vm.prank(contested.provider);
        try market.concede(_disputeIds[which]) {
            vm.assertTrue(false, "conceded when it was too late");
        } catch {}
        bool isYoung = _now() <= uint256(contested.openedAt) + 10;
        _happened(
            isYoung ? "concession refused, lease in dispute for longer" : "concession refused"
        );
    }

    // ------------------------------------------------------------------------------ judging

    /// @dev Takes a dispute through its phases, or through some of them.
    function judge(uint256 random) external step {
        if (_disputeIds.length == 0) return;
        uint256 which = _pick(random, 1, _disputeIds.length);
        uint256 disputeId = _disputeIds[which];
        uint256 phases = _pick(random, 2, 6);
        if (!market.isMoot(disputeId)) {
            _draw(disputeId);
            if (phases > 0) _voteAsTheyDo(disputeId);
            if (phases > 1) _revealAsTheyDo(disputeId);
            if (phases > 2) _openAsItDoes(disputeId);
            if (phases < 4) return;
            _goTo(uint256(arbiter.committee(disputeId).openBy) + 1);
        }
        vm.assertTrue(_resolve(which), "a dispute does not end");
    }

    function resolve(uint256 random) external step {
        if (_disputeIds.length != 0) _resolve(_pick(random, 1, _disputeIds.length));
    }

    /// @dev Called again, as often as it takes: a seed's block may have to be named first, or anew.
    function _draw(uint256 disputeId) internal {
        _goTo(uint256(market.dispute(disputeId).openedAt) + 11);
        while (!arbiter.committee(disputeId).isDrawn) {
            _forward(3);
            vm.prank(stranger);
            arbiter.drawCommittee(disputeId);
            _checkSeats(disputeId);
        }
    }

    /// @dev Of those just drawn.
    function _checkSeats(uint256 disputeId) private view {
        uint32[] memory seatIds = arbiter.committee(disputeId).seatIds;
        for (uint256 i; i < seatIds.length; ++i) {
            (uint96 stakeWei,,) = market.seatStake(seatIds[i]);
            vm.assertTrue(stakeWei != 0, "a member has nothing to lose");
        }
    }

    function _goTo(uint256 time) internal {
        vm.roll(vm.getBlockNumber() + 1);
        if (_now() < time) vm.warp(time);
    }

    function _luck(uint256 disputeId) private view returns (uint256) {
        return uint256(market.dispute(disputeId).leaseId) ^ disputeId;
    }

    /// @dev 0 honest, 1 lying, 2 without inputs, 3 finding it out of tolerance, 4 not revealing, 5 asleep.
    /// Whole committees do, too.
    function _way(uint256 disputeId, uint256 member) private view returns (uint256) {
        uint256 luck = _luck(disputeId);
        uint256 mood = _pick(luck, 1, 12);
        if (mood == 0) return 5;
        if (mood < 4) return mood;
        uint256 way = _pick(luck, 10 + member, 20);
        return way < 6 ? way : 0;
    }

    function _opinion(uint256 disputeId, uint256 member, uint32 task)
        private
        view
        returns (bytes32)
    {
        uint256 way = _way(disputeId, member);
        if (way == 1) return keccak256(abi.encode("lie", member));
        if (way == 2) return TaskResult.UNAVAILABLE;
        return way == 3 ? TaskResult.OUT_OF_TOLERANCE : _honest(task);
    }

    function _voteAsTheyDo(uint256 disputeId) private {
        address[] memory members = arbiter.committee(disputeId).members;
        uint32 task = market.dispute(disputeId).task;
        for (uint256 i; i < members.length; ++i) {
            if (_way(disputeId, i) == 5) continue;
            bytes32 commitment =
                TaskResult.commitment(members[i], _opinion(disputeId, i, task), keccak256("vote"));
            vm.prank(members[i]);
            try arbiter.commitVote(disputeId, commitment) {} catch {}
        }
    }

    function _revealAsTheyDo(uint256 disputeId) private {
        ICommitteeArbiter.Committee memory drawn = arbiter.committee(disputeId);
        if (drawn.committed < drawn.members.length) _goTo(uint256(drawn.commitBy) + 1);
        uint32 task = market.dispute(disputeId).task;
        for (uint256 i; i < drawn.members.length; ++i) {
            if (_way(disputeId, i) >= 4) continue;
            bytes32 opinion = _opinion(disputeId, i, task);
            vm.prank(drawn.members[i]);
            try arbiter.revealVote(disputeId, opinion, keccak256("vote")) {} catch {}
        }
    }

    /// @dev One provider in four is asleep.
    function _openAsItDoes(uint256 disputeId) private {
        ICommitteeArbiter.Committee memory drawn = arbiter.committee(disputeId);
        if (drawn.revealed < drawn.members.length) _goTo(uint256(drawn.revealBy) + 1);
        if (_pick(_luck(disputeId), 2, 4) == 0) return;
        Dispute memory contested = market.dispute(disputeId);
        bytes32 salt = _salt(contested.task);
        bytes32 digest = _claimed(contested);
        bytes32[] memory proof = _proofOf(contested);
        vm.prank(stranger);
        try arbiter.openClaim(disputeId, digest, salt, proof) {} catch {}
    }

    /// @dev What the provider has found, truly or not.
    function _claimed(Dispute memory contested) internal view returns (bytes32) {
        bool isWrong = _wrongTask[contested.leaseId] == contested.task;
        return isWrong ? keccak256("wrong") : _honest(contested.task);
    }

    function _proofOf(Dispute memory contested) internal view returns (bytes32[] memory) {
        bytes32[] memory leaves = _resultLeaves(
            contested.leaseId, contested.firstTask, contested.count, _wrongTask[contested.leaseId]
        );
        return Trees.proof(leaves, contested.task - contested.firstTask);
    }

    /// @dev Ends a dispute if it can be ended; only whoever loses by the rules may lose.
    function _resolve(uint256 which) internal returns (bool isDone) {
        uint256 disputeId = _disputeIds[which];
        bool isMoot = market.isMoot(disputeId);
        address contestedOne = market.dispute(disputeId).provider;
        Account memory before = market.account(contestedOne);
        uint256 operatorsWei = _behind(operator);
        vm.prank(stranger);
        try arbiter.resolve(disputeId) {
            isDone = true;
        } catch {
            return false;
        }
        Dispute memory contested = market.dispute(disputeId);
        _checkRecord(contested.verdict, before, market.account(contestedOne));
        _forget(which);
        if (isMoot) {
            _happened("dispute moot");
            return true;
        }
        _allow(contested.provider, _penaltyWei(disputeId, contested));
        _checkFine(disputeId, contested, operatorsWei);
        _isLost[contested.leaseId] = _isFinishedBy(contested.verdict);
        ICommitteeArbiter.Committee memory drawn = arbiter.committee(disputeId);
        _checkTerms(disputeId, drawn);
        _allowOffenders(drawn, contested);
        _happened(_endOf(contested, drawn));
    }

    function _isFinishedBy(Verdict verdict) private pure returns (bool) {
        return verdict != Verdict.None && verdict != Verdict.ChallengerLost;
    }

    function _penaltyWei(uint256 disputeId, Dispute memory contested)
        private
        view
        returns (uint256)
    {
        DisputeTerms memory terms = _openedUnder[disputeId];
        uint256 multiple = 0;
        if (contested.verdict == Verdict.ProviderLost) multiple = terms.slashMultiple;
        if (contested.verdict == Verdict.OutOfTolerance) multiple = terms.concedeMultiple;
        return multiple * _pricePerTask(contested);
    }

    function _behind(address who) private view returns (uint256) {
        Account memory own = market.account(who);
        return uint256(own.stakeWei) + own.unstakingWei;
    }

    /// @dev Only for want of inputs, and no more than a first concession costs.
    function _checkFine(uint256 disputeId, Dispute memory contested, uint256 beforeWei) private {
        uint256 paidWei = beforeWei - _behind(operator);
        uint256 dueWei = _openedUnder[disputeId].concedeMultiple * _pricePerTask(contested);
        if (contested.verdict != Verdict.Unavailable) dueWei = 0;
        vm.assertEq(paidWei, dueWei < beforeWei ? dueWei : beforeWei, "an operator's fine");
        if (paidWei == 0) return;
        _allow(operator, paidWei);
        _happened("operator fined");
    }

    /// @dev Only a lost dispute is a strike, and forfeits what was committed before.
    function _checkRecord(Verdict verdict, Account memory before, Account memory since)
        private
        view
    {
        bool isLost = verdict == Verdict.ProviderLost;
        vm.assertEq(since.strikes, uint256(before.strikes) + (isLost ? 1 : 0), "strikes");
        uint256 forfeitBlock = isLost ? vm.getBlockNumber() : before.forfeitBlock;
        vm.assertEq(since.forfeitBlock, forfeitBlock, "forfeitBlock");
        if (verdict == Verdict.Unavailable) {
            vm.assertEq(since.stakeWei, before.stakeWei, "a stake paid for want of inputs");
        }
    }

    /// @dev Whatever was enacted since: nobody could be more of a committee than when it was opened.
    function _checkTerms(uint256 disputeId, ICommitteeArbiter.Committee memory drawn) private {
        DisputeTerms memory then = _openedUnder[disputeId];
        vm.assertTrue(drawn.members.length <= then.committeeSize, "a larger committee");
        bytes32 current = keccak256(abi.encode(market.terms().disputeTerms()));
        if (keccak256(abi.encode(then)) != current) _happened("judged by earlier terms");
    }

    /// @dev Whoever committed a vote and did not reveal it, or revealed another than the majority's that
    /// cannot have been honest.
    function _allowOffenders(ICommitteeArbiter.Committee memory drawn, Dispute memory contested)
        private
    {
        bytes32 ruled = contested.ruledDigest;
        for (uint256 i; i < drawn.members.length; ++i) {
            if (drawn.commitments[i] == 0) {
                _happened("member absent");
                continue;
            }
            bool isSilent = drawn.revealedBitmap & (1 << i) == 0;
            bytes32 vote = drawn.digests[i];
            if (!isSilent && (ruled == 0 || vote == ruled)) continue;
            if (!isSilent && _mayBeHonest(vote, drawn, ruled)) {
                _happened("member excused");
                continue;
            }
            _allow(drawn.members[i], 100 ether);
            _happened("member offended");
        }
    }

    function _mayBeHonest(bytes32 vote, ICommitteeArbiter.Committee memory drawn, bytes32 ruled)
        private
        pure
        returns (bool)
    {
        bool isOfInputs = vote == TaskResult.UNAVAILABLE || ruled == TaskResult.UNAVAILABLE;
        bool isNear = ruled == TaskResult.OUT_OF_TOLERANCE
            && (!drawn.isClaimOpened || vote == drawn.claimedDigest);
        return isOfInputs || isNear || vote == TaskResult.OUT_OF_TOLERANCE;
    }

    function _endOf(Dispute memory contested, ICommitteeArbiter.Committee memory drawn)
        private
        pure
        returns (string memory)
    {
        if (contested.verdict == Verdict.ChallengerLost) return "bond lost";
        if (contested.verdict == Verdict.OutOfTolerance) return "out of tolerance";
        if (contested.verdict == Verdict.Unavailable) return "unavailable";
        if (contested.verdict == Verdict.ProviderLost) {
            return drawn.isClaimOpened ? "lost" : "lost in silence";
        }
        return drawn.revealed == 0 ? "void, no votes" : "void, no majority";
    }

    function _forget(uint256 which) private {
        _disputeIds[which] = _disputeIds[_disputeIds.length - 1];
        _disputeIds.pop();
    }

    // ------------------------------------------------------------------------------ governing

    /// @dev Propose, think better of it, enact: no step of it may cost anybody anything.
    function govern(uint256 random) external step {
        ITerms terms = market.terms();
        (, uint40 noticeEndsAt, uint40 lapsesAt) = terms.proposal();
        bool isDue = noticeEndsAt != 0 && _now() > noticeEndsAt && _now() <= lapsesAt;
        try terms.enact() {
            vm.assertTrue(isDue, "enacted too early, or too late");
            _happened("terms enacted");
            return;
        } catch {
            vm.assertFalse(isDue, "not enacted");
        }
        vm.startPrank(governor);
        if (noticeEndsAt == 0 || _now() > lapsesAt) terms.propose(_someTerms(random));
        else if (_pick(random, 1, 20) == 0) terms.withdrawProposal();
        vm.stopPrank();
    }

    function _someTerms(uint256 random) private pure returns (DisputeTerms memory) {
        uint32 slash = uint32(60 + _pick(random, 2, 61));
        uint32 concession = uint32(50 + _pick(random, 3, slash - 49));
        uint96 bondWei = uint96(2.5 ether + _pick(random, 4, 37.5 ether));
        return DisputeTerms(bondWei, slash, concession, uint8(3 + 2 * _pick(random, 5, 15)));
    }

    // ------------------------------------------------------------------------------ afterwards

    /// @dev Accuse a verifier of having agreed with a wrong digest. As long as committees find what is
    /// right, this succeeds only against one that was.
    function contradict(uint256 random) external step {
        (Audited memory done, uint256 disputeId) = _someContestedAudit(random);
        if (disputeId == 0) return;
        Dispute memory contested = market.dispute(disputeId);
        address holder = market.seat(_acceptedOf(done).seatId).holder;
        bytes32 claimed = _claimed(contested);
        bytes32[] memory proof = _proofOf(contested);
        vm.prank(stranger);
        try market.contradict(disputeId, done.round, claimed, _salt(done.task), proof) {
            _allow(holder, 100 ether);
            _happened("contradicted");
            bool isWrong = _wrongTask[contested.leaseId] == done.task;
            bool isMisled = contested.ruledDigest != _honest(done.task);
            vm.assertTrue(isWrong || isMisled, "an honest verifier was contradicted");
            vm.assertTrue(
                contested.verdict == Verdict.ProviderLost, "contradicted without a digest"
            );
        } catch {}
    }

    /// @dev The next accepted audit from somewhere on whose task was contested, with the dispute.
    function _someContestedAudit(uint256 random)
        private
        view
        returns (Audited memory done, uint256 disputeId)
    {
        uint256 from = _pick(random, 1, _audits.length + 1);
        for (uint256 i; i < _audits.length && disputeId == 0; ++i) {
            done = _audits[(from + i) % _audits.length];
            disputeId = _disputeOf[keccak256(abi.encode(done.batchId, done.line, done.task))];
        }
    }

    /// @dev Show that a verifier had committed to something else. One audit in four is such a one, whether its
    /// fee is paid or not.
    function reportEquivocation(uint256 random) external step {
        if (_audits.length == 0) return;
        Audited memory done = _audits[_pick(random, 1, _audits.length)];
        if (_pick(uint256(keccak256(abi.encode(done))), 2, 4) != 0) return;
        address holder = market.seat(_acceptedOf(done).seatId).holder;
        Batch memory batch = _committed(done.batchId);
        Equivocation memory found = _twoWords(done, batch.lines[done.line].leaseId, holder);
        vm.prank(stranger);
        try market.reportEquivocation(batch, found) {
            _allow(holder, 100 ether);
            _happened("equivocated");
        } catch {}
    }

    function _twoWords(Audited memory done, bytes32 leaseId, address holder)
        private
        view
        returns (Equivocation memory)
    {
        bytes32 made = keccak256("nonsense");
        bytes32 digest = _wrongTask[leaseId] == done.task ? keccak256("wrong") : _honest(done.task);
        bytes32 salt = keccak256("audit");
        return Equivocation(
            done.line,
            done.task,
            done.round,
            made,
            _signAs(
                holder,
                AuditCommitmentHash.hash(AuditCommitment(done.batchId, leaseId, done.task, made))
            ),
            digest,
            salt,
            _signAs(
                holder,
                AuditResultHash.hash(AuditResult(done.batchId, leaseId, done.task, digest, salt))
            )
        );
    }

    /// @dev By a verifier; by nobody, if the seat is somebody else's now.
    function _signAs(address holder, bytes32 structHash) private view returns (bytes memory) {
        for (uint256 i; i < VERIFIERS; ++i) {
            if (_verifier(i) == holder) return _sign(VERIFIER_KEY + i, structHash);
        }
        return "";
    }
}
