// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ICommitteeArbiter} from "../../src/interfaces/ICommitteeArbiter.sol";
import {ITerms} from "../../src/interfaces/ITerms.sol";
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
        uint256 mostBondWei = terms.disputeBondWei + 15 * uint256(open.amount / open.count);
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

    /// @dev 0 honest, 1 lying, 2 not revealing, 3 asleep. Whole committees sleep or disagree, too.
    function _way(uint256 disputeId, uint256 member) private view returns (uint256) {
        uint256 luck = _luck(disputeId);
        uint256 mood = _pick(luck, 1, 12);
        if (mood == 0) return 3;
        if (mood == 1) return 1;
        uint256 way = _pick(luck, 10 + member, 16);
        return way < 4 ? way : 0;
    }

    function _opinion(uint256 disputeId, uint256 member, uint32 task)
        private
        view
        returns (bytes32)
    {
        if (_way(disputeId, member) != 1) return _honest(task);
        return keccak256(abi.encode("lie", member));
    }

    function _voteAsTheyDo(uint256 disputeId) private {
        address[] memory members = arbiter.committee(disputeId).members;
        uint32 task = market.dispute(disputeId).task;
        for (uint256 i; i < members.length; ++i) {
            if (_way(disputeId, i) == 3) continue;
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
            if (_way(disputeId, i) >= 2) continue;
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
        vm.prank(stranger);
        try arbiter.resolve(disputeId) {
            isDone = true;
        } catch {
            return false;
        }
        Dispute memory contested = market.dispute(disputeId);
        _forget(which);
        if (isMoot) {
            _happened("dispute moot");
            return true;
        }
        if (contested.verdict == Verdict.ProviderLost) {
            uint256 multiple = _openedUnder[disputeId].slashMultiple;
            _allow(contested.provider, multiple * _pricePerTask(contested));
        }
        ICommitteeArbiter.Committee memory drawn = arbiter.committee(disputeId);
        _checkTerms(disputeId, drawn);
        _allowOffenders(drawn, contested.ruledDigest);
        _happened(_endOf(contested, drawn));
    }

    /// @dev Whatever was enacted since: nobody could be more of a committee than when it was opened.
    function _checkTerms(uint256 disputeId, ICommitteeArbiter.Committee memory drawn) private {
        DisputeTerms memory then = _openedUnder[disputeId];
        vm.assertTrue(drawn.members.length <= then.committeeSize, "a larger committee");
        bytes32 current = keccak256(abi.encode(market.terms().disputeTerms()));
        if (keccak256(abi.encode(then)) != current) _happened("judged by earlier terms");
    }

    /// @dev Whoever committed a vote and did not reveal it, or revealed another than the majority's.
    function _allowOffenders(ICommitteeArbiter.Committee memory drawn, bytes32 ruled) private {
        for (uint256 i; i < drawn.members.length; ++i) {
            if (drawn.commitments[i] == 0) {
                _happened("member absent");
                continue;
            }
            bool isSilent = drawn.revealedBitmap & (1 << i) == 0;
            if (!isSilent && (ruled == 0 || drawn.digests[i] == ruled)) continue;
            _allow(drawn.members[i], 100 ether);
            _happened("member offended");
        }
    }

    function _endOf(Dispute memory contested, ICommitteeArbiter.Committee memory drawn)
        private
        pure
        returns (string memory)
    {
        if (contested.verdict == Verdict.ChallengerLost) return "bond lost";
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

    /// @dev Accuse a verifier of having been paid for a wrong digest. As long as committees find what is
    /// right, this succeeds only against one that was.
    function contradict(uint256 random) external step {
        (PaidAudit memory paid, uint256 disputeId) = _someContestedAudit(random);
        if (disputeId == 0) return;
        Dispute memory contested = market.dispute(disputeId);
        (, uint32 seatId) = market.paidAuditSeat(paid.batchId, paid.line, paid.task, paid.round);
        address holder = market.seat(seatId).holder;
        bytes32 claimed = _claimed(contested);
        bytes32[] memory proof = _proofOf(contested);
        vm.prank(stranger);
        try market.contradict(disputeId, paid.round, claimed, _salt(paid.task), proof) {
            _allow(holder, 100 ether);
            _happened("contradicted");
            bool isWrong = _wrongTask[contested.leaseId] == paid.task;
            bool isMisled = contested.ruledDigest != _honest(paid.task);
            vm.assertTrue(isWrong || isMisled, "an honest verifier was contradicted");
        } catch {}
    }

    /// @dev The next paid audit from somewhere on whose task was contested, with the dispute.
    function _someContestedAudit(uint256 random)
        private
        view
        returns (PaidAudit memory paid, uint256 disputeId)
    {
        uint256 from = _pick(random, 1, _paid.length + 1);
        for (uint256 i; i < _paid.length && disputeId == 0; ++i) {
            paid = _paid[(from + i) % _paid.length];
            disputeId = _disputeOf[keccak256(abi.encode(paid.batchId, paid.line, paid.task))];
        }
    }
}
