// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Batch} from "../src/types/Batch.sol";
import {
    AuditClaim,
    AuditCommitment,
    AuditCommitmentHash,
    Equivocation
} from "../src/types/AuditResult.sol";
import {Job} from "../src/types/Job.sol";
import {LeaseResult} from "../src/types/LeaseResult.sol";
import {Request} from "../src/types/Request.sol";
import {TaskResult} from "../src/types/TaskResult.sol";
import {Fixture} from "./Fixture.sol";
import {Trees} from "./Trees.sol";
import {vm} from "./Vm.sol";

/// @notice Who pays whom at every end that money can come to: a table of all parties, to the wei.
/// A price is 1 credit, a bond 15, a seat 100, the provider's stake 100.
contract ExitsTest is Fixture {
    /// @dev What each has more, or less, than before.
    struct Row {
        int256 requester;
        int256 provider;
        int256 challenger;
        int256 verifiers;
        int256 burnt;
        /// @dev For the audit that was accepted, until its fee is paid.
        int256 aside;
    }

    uint256 internal constant STAKE = 100 ether;
    Job internal job;
    bytes32 internal jobId;
    bytes32 internal auditedId;
    Row internal start;

    function setUp() public override {
        super.setUp();
        vm.prank(provider);
        market.stake(uint96(STAKE));
        job = _job();
        job.relayerFee = 0;
        start = _owned();
        jobId = _open(job);
    }

    function _wealth(address who) internal view returns (int256) {
        return int256(
            uint256(market.account(who).balanceWei) + market.account(who).stakeWei
                + market.account(who).unstakingWei
        );
    }

    function _seatsWei() internal view returns (uint256 total) {
        for (uint32 i; i < market.seatCount(); ++i) {
            (uint96 stakeWei,,) = market.seatStake(i);
            total += stakeWei;
        }
    }

    function _owned() internal view returns (Row memory row) {
        row.requester = _wealth(requester);
        row.provider = _wealth(provider);
        row.challenger = _wealth(challenger);
        row.verifiers = int256(_seatsWei());
        for (uint256 i; i < VERIFIERS; ++i) {
            row.verifiers += _wealth(_verifier(i));
        }
        row.burnt = int256(market.burntWei());
        row.aside = int256(uint256(market.acceptedAudit(auditedId, 0, 1, 0).feeWei));
    }

    function _check(Row memory expected) internal view {
        Row memory found = _owned();
        vm.assertEq(found.requester - start.requester, expected.requester, "requester");
        vm.assertEq(found.provider - start.provider, expected.provider, "provider");
        vm.assertEq(found.challenger - start.challenger, expected.challenger, "challenger");
        vm.assertEq(found.verifiers - start.verifiers, expected.verifiers, "verifiers");
        vm.assertEq(found.burnt - start.burnt, expected.burnt, "burnt");
        vm.assertEq(found.aside - start.aside, expected.aside, "aside");
        int256 sum = expected.requester + expected.provider + expected.challenger
            + expected.verifiers + expected.burnt + expected.aside;
        vm.assertEq(sum, 0, "sum");
    }

    /// @dev Settle what can be, end the job, and give back what it has not spent.
    function _endJob(Batch memory batch, bool isSettled) internal {
        vm.roll(vm.getBlockNumber() + 10);
        vm.warp(START + 30 days);
        if (isSettled) market.settleBatch(batch);
        market.closeJob(job);
    }

    /// @dev A lease of four tasks, of which `wrong` is false, and a dispute about it.
    function _disputed(uint256 wrong)
        internal
        returns (LeaseResult memory lease, Batch memory batch, uint256 disputeId)
    {
        lease = _leaseWithFault(jobId, 0, 4, wrong);
        (, batch) = _commitOne(lease);
        disputeId = _dispute(batch, 0, 1);
    }

    function _lose() internal returns (Batch memory) {
        return _judged(_honest(1));
    }

    function _concede() internal returns (Batch memory batch) {
        uint256 disputeId;
        (, batch, disputeId) = _disputed(1);
        vm.prank(provider);
        market.concede(disputeId);
    }

    // ------------------------------------------------------------------------------ leases

    function test_Settled() external {
        (, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        _endJob(batch, true);
        _check(
            Row({
                requester: -4 ether,
                provider: 4 ether,
                challenger: 0,
                verifiers: 0,
                burnt: 0,
                aside: 0
            })
        );
    }

    function test_ConcededFirst() external {
        _endJob(_concede(), false);
        _check(
            Row({
                requester: 1 ether,
                provider: -50 ether,
                challenger: 5 ether,
                verifiers: 0,
                burnt: 44 ether,
                aside: 0
            })
        );
    }

    function test_ConcededAgain() external {
        _concede();
        start = _owned();
        start.requester += 44 ether; // what the open job still holds
        LeaseResult memory lease = _leaseWithFault(jobId, 4, 4, 5);
        (, Batch memory batch) = _commitOne(lease);
        uint256 disputeId = _dispute(batch, 0, 5);
        vm.prank(provider);
        market.concede(disputeId);
        _endJob(batch, false);
        // 50 of its stake were left: 60 prices would be due.
        _check(
            Row({
                requester: 1 ether,
                provider: -50 ether,
                challenger: 7.5 ether,
                verifiers: 0,
                burnt: 41.5 ether,
                aside: 0
            })
        );
    }

    function test_ProviderLost() external {
        _endJob(_lose(), false);
        _check(
            Row({
                requester: 1 ether,
                provider: -60 ether,
                challenger: 9 ether,
                verifiers: 12 ether,
                burnt: 38 ether,
                aside: 0
            })
        );
    }

    function test_ProviderLostWithItsStakeOnTheWayOut() external {
        (LeaseResult memory lease, Batch memory batch, uint256 disputeId) = _disputed(1);
        vm.prank(provider);
        market.requestUnstake(uint96(STAKE));
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, lease, 1, 1);
        arbiter.resolve(disputeId);
        _endJob(batch, false);
        vm.assertEq(market.account(provider).unstakingWei, 40 ether);
        _check(
            Row({
                requester: 1 ether,
                provider: -60 ether,
                challenger: 9 ether,
                verifiers: 12 ether,
                burnt: 38 ether,
                aside: 0
            })
        );
    }

    function test_ProviderLostWithoutStake() external {
        vm.prank(provider);
        market.requestUnstake(uint96(STAKE));
        vm.warp(_now() + _params().unstakeDelaySeconds);
        market.unstake(provider);
        _endJob(_lose(), false);
        _check(Row({requester: 0, provider: 0, challenger: 0, verifiers: 0, burnt: 0, aside: 0}));
    }

    function test_ChallengerLost() external {
        (LeaseResult memory lease, Batch memory batch, uint256 disputeId) = _disputed(NO_TASK);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, lease, 1, NO_TASK);
        arbiter.resolve(disputeId);
        _endJob(batch, true);
        _check(
            Row({
                requester: -4 ether,
                provider: 4 ether,
                challenger: -15 ether,
                verifiers: 7.5 ether,
                burnt: 7.5 ether,
                aside: 0
            })
        );
    }

    function test_NobodyVoted() external {
        (, Batch memory batch, uint256 disputeId) = _disputed(NO_TASK);
        _drawCommittee(disputeId);
        _wait(100);
        arbiter.resolve(disputeId);
        _endJob(batch, true);
        _check(
            Row({
                requester: -4 ether,
                provider: 4 ether,
                challenger: 0,
                verifiers: 0,
                burnt: 0,
                aside: 0
            })
        );
    }

    function test_FinishedByAnotherDispute() external {
        (, Batch memory batch, uint256 disputeId) = _disputed(1);
        uint256 moot = _dispute(batch, 0, 2);
        vm.prank(provider);
        market.concede(disputeId);
        arbiter.resolve(moot);
        _endJob(batch, false);
        _check(
            Row({
                requester: 1 ether,
                provider: -50 ether,
                challenger: 5 ether,
                verifiers: 0,
                burnt: 44 ether,
                aside: 0
            })
        );
    }

    /// @dev The whole committee says the same, and the claim is opened.
    function _judged(bytes32 vote) internal returns (Batch memory batch) {
        LeaseResult memory lease;
        uint256 disputeId;
        (lease, batch, disputeId) = _disputed(1);
        _voteAll(disputeId, _drawCommittee(disputeId), vote);
        _openClaim(disputeId, lease, 1, 1);
        arbiter.resolve(disputeId);
    }

    function test_OutOfTolerance() external {
        _endJob(_judged(TaskResult.OUT_OF_TOLERANCE), false);
        int256 toCommittee = 10 ether - 1; // it does not divide by three
        _check(
            Row({
                requester: 1 ether,
                provider: -50 ether,
                challenger: 5 ether,
                verifiers: toCommittee,
                burnt: 44 ether - toCommittee,
                aside: 0
            })
        );
    }

    function test_OutOfToleranceWithoutStake() external {
        vm.prank(provider);
        market.requestUnstake(uint96(STAKE));
        vm.warp(_now() + _params().unstakeDelaySeconds);
        market.unstake(provider);
        _endJob(_judged(TaskResult.OUT_OF_TOLERANCE), false);
        _check(Row({requester: 0, provider: 0, challenger: 0, verifiers: 0, burnt: 0, aside: 0}));
    }

    function test_Unavailable() external {
        _endJob(_judged(TaskResult.UNAVAILABLE), false);
        _check(Row({requester: 0, provider: 0, challenger: 0, verifiers: 0, burnt: 0, aside: 0}));
    }

    function test_ForfeitedForAnother() external {
        (, Batch memory other) = _commitOne(_lease(jobId, 10, 5));
        _lose();
        _endJob(other, true);
        _check(
            Row({
                requester: 1 ether,
                provider: -60 ether,
                challenger: 9 ether,
                verifiers: 12 ether,
                burnt: 38 ether,
                aside: 0
            })
        );
    }

    // ------------------------------------------------------------------------------ audits

    /// @dev A lease, at a price at which every task is audited, with task 1 false if `isFalse`, and an
    /// audit that has found the same. Its fee is 1200 credits.
    function _audited(bool isFalse)
        internal
        returns (LeaseResult memory lease, Batch memory batch)
    {
        job.maxPricePerTask = 1000 ether;
        job.auditBudget = 5000 ether;
        job.nonce = 7;
        start = _owned(); // the first job stays open
        jobId = _open(job);
        lease = _leaseWithFault(jobId, 0, 4, isFalse ? 1 : NO_TASK);
        lease.amount = 4000 ether;
        (auditedId, batch) = _commitOne(lease);
        _passSeed(auditedId);
        _accept(batch, _claimFor(auditedId, batch, 0, 1, 0, isFalse ? 1 : NO_TASK));
    }

    function _auditedAndJudged(bytes32 vote)
        internal
        returns (LeaseResult memory lease, Batch memory batch, uint256 disputeId)
    {
        (lease, batch) = _audited(true);
        disputeId = _dispute(batch, 0, 1);
        _voteAll(disputeId, _drawCommittee(disputeId), vote);
        _openClaim(disputeId, lease, 1, 1);
        arbiter.resolve(disputeId);
    }

    /// @dev What all have in the end, the fee first aside and then where it belongs.
    function _checkFee(Batch memory batch, Row memory expected, bool isEarned) internal {
        Row memory before = expected;
        int256 fee = 1200 ether;
        if (isEarned) before.verifiers -= fee;
        else before.requester -= fee;
        before.aside = fee;
        _check(before);
        _payAudit(batch, 0, 1);
        if (isEarned) before.verifiers += fee;
        else before.requester += fee;
        before.aside = 0;
        _check(before);
    }

    function test_AuditPaid() external {
        (, Batch memory batch) = _audited(false);
        _endJob(batch, true);
        _checkFee(
            batch,
            Row({
                requester: -4000 ether - 1200 ether,
                provider: 4000 ether,
                challenger: 0,
                verifiers: 1200 ether,
                burnt: 0,
                aside: 0
            }),
            true
        );
    }

    function test_AuditPaidAfterTheChallengerLost() external {
        (LeaseResult memory lease, Batch memory batch) = _audited(false);
        uint256 disputeId = _dispute(batch, 0, 1);
        _voteAll(disputeId, _drawCommittee(disputeId), _honest(1));
        _openClaim(disputeId, lease, 1, NO_TASK);
        arbiter.resolve(disputeId);
        _endJob(batch, true);
        _checkFee(
            batch,
            Row({
                requester: -4000 ether - 1200 ether,
                provider: 4000 ether,
                challenger: -15_000 ether,
                verifiers: 7500 ether + 1200 ether,
                burnt: 7500 ether,
                aside: 0
            }),
            true
        );
    }

    function test_AuditOfAConcededLease() external {
        (, Batch memory batch) = _audited(true);
        uint256 disputeId = _dispute(batch, 0, 1);
        vm.prank(provider);
        market.concede(disputeId);
        _endJob(batch, false);
        _checkFee(
            batch,
            Row({
                requester: 50 ether,
                provider: -100 ether,
                challenger: 10 ether,
                verifiers: 0,
                burnt: 40 ether,
                aside: 0
            }),
            false
        );
    }

    function test_AuditOfALostLease() external {
        (, Batch memory batch,) = _auditedAndJudged(_honest(1));
        _endJob(batch, false);
        int256 toCommittee = 20 ether - 2; // it does not divide by three
        _checkFee(
            batch,
            Row({
                requester: 40 ether,
                provider: -100 ether,
                challenger: 15 ether,
                verifiers: toCommittee,
                burnt: 45 ether - toCommittee,
                aside: 0
            }),
            false
        );
    }

    function test_AuditContradicted() external {
        (LeaseResult memory lease, Batch memory batch, uint256 disputeId) =
            _auditedAndJudged(_honest(1));
        bytes32[] memory proof = Trees.proof(_resultLeaves(lease.leaseId, 0, 4, 1), 1);
        vm.prank(challenger);
        market.contradict(disputeId, 0, keccak256("wrong"), _salt(1), proof);
        _endJob(batch, false);
        int256 toCommittee = 20 ether - 2;
        _checkFee(
            batch,
            Row({
                requester: 40 ether,
                provider: -100 ether,
                challenger: 15 ether + 15 ether,
                verifiers: toCommittee - 100 ether,
                burnt: 45 ether - toCommittee + 85 ether,
                aside: 0
            }),
            false
        );
    }

    function test_AuditOutOfTolerance() external {
        (, Batch memory batch,) = _auditedAndJudged(TaskResult.OUT_OF_TOLERANCE);
        _endJob(batch, false);
        int256 toCommittee = 20 ether - 2;
        _checkFee(
            batch,
            Row({
                requester: 50 ether,
                provider: -100 ether,
                challenger: 10 ether,
                verifiers: toCommittee,
                burnt: 40 ether - toCommittee,
                aside: 0
            }),
            false
        );
    }

    function test_AuditUnavailable() external {
        (, Batch memory batch,) = _auditedAndJudged(TaskResult.UNAVAILABLE);
        _endJob(batch, false);
        _checkFee(
            batch,
            Row({requester: 0, provider: 0, challenger: 0, verifiers: 0, burnt: 0, aside: 0}),
            false
        );
    }

    /// @dev For a lease of the other job, lost by a committee.
    function test_AuditForfeited() external {
        (, Batch memory batch) = _audited(false);
        start.requester += 44 ether; // what the first job holds
        job.maxPricePerTask = 1 ether;
        job.auditBudget = 24 ether;
        job.nonce = 1;
        jobId = _idOf(job);
        _lose();
        _endJob(batch, true);
        job.maxPricePerTask = 1000 ether;
        job.auditBudget = 5000 ether;
        job.nonce = 7;
        market.closeJob(job);
        _checkFee(
            batch,
            Row({
                requester: 1 ether,
                provider: -60 ether,
                challenger: 9 ether,
                verifiers: 12 ether,
                burnt: 38 ether,
                aside: 0
            }),
            false
        );
    }

    function _twoWords(Batch memory batch) internal view returns (Equivocation memory) {
        AuditClaim memory claim = _claim(auditedId, batch, 0, 1);
        bytes32 made = keccak256("nonsense");
        bytes32 structHash =
            AuditCommitmentHash.hash(AuditCommitment(auditedId, batch.lines[0].leaseId, 1, made));
        return Equivocation(
            0,
            1,
            0,
            made,
            _sign(_verifierKey(claim.verifier), structHash),
            claim.taskDigest,
            claim.salt,
            claim.signature
        );
    }

    function test_AuditThatWasNotWhatHadBeenCommittedTo() external {
        (, Batch memory batch) = _audited(false);
        Equivocation memory found = _twoWords(batch);
        vm.prank(challenger);
        market.reportEquivocation(batch, found);
        _endJob(batch, true);
        _checkFee(
            batch,
            Row({
                requester: -4000 ether,
                provider: 4000 ether,
                challenger: 15 ether,
                verifiers: -100 ether,
                burnt: 85 ether,
                aside: 0
            }),
            false
        );
    }

    function test_AuditPaidBeforeThatWasFound() external {
        (, Batch memory batch) = _audited(false);
        Equivocation memory found = _twoWords(batch);
        _endJob(batch, true);
        _payAudit(batch, 0, 1);
        vm.prank(challenger);
        market.reportEquivocation(batch, found);
        _check(
            Row({
                requester: -4000 ether - 1200 ether,
                provider: 4000 ether,
                challenger: 15 ether,
                verifiers: 1200 ether - 100 ether,
                burnt: 85 ether,
                aside: 0
            })
        );
    }

    /// @dev The challenger's new seat is among the verifiers'.
    function test_AuditWhoseSeatIsSomebodyElsesNow() external {
        (, Batch memory batch) = _audited(false);
        uint32[] memory seats = new uint32[](1);
        seats[0] = market.acceptedAudit(auditedId, 0, 1, 0).seatId;
        address verifier = market.seat(seats[0]).holder;
        vm.prank(verifier);
        market.leaveSeats(seats);
        _endJob(batch, true);
        vm.prank(verifier);
        market.releaseSeats(seats);
        vm.prank(challenger);
        market.takeSeats(1);
        vm.assertEq(market.seat(seats[0]).holder, challenger);
        _checkFee(
            batch,
            Row({
                requester: -4000 ether,
                provider: 4000 ether,
                challenger: -100 ether,
                verifiers: 100 ether,
                burnt: 0,
                aside: 0
            }),
            false
        );
    }

    // ------------------------------------------------------------------------------ committees

    function test_MemberOfTheFew() external {
        (LeaseResult memory lease, Batch memory batch, uint256 disputeId) = _disputed(NO_TASK);
        address[] memory members = _drawCommittee(disputeId);
        for (uint256 i; i < 3; ++i) {
            _vote(disputeId, members[i], i == 0 ? keccak256("lie") : _honest(1));
        }
        for (uint256 i; i < 3; ++i) {
            _reveal(disputeId, members[i], i == 0 ? keccak256("lie") : _honest(1));
        }
        _openClaim(disputeId, lease, 1, NO_TASK);
        arbiter.resolve(disputeId);
        _endJob(batch, true);
        _check(
            Row({
                requester: -4 ether,
                provider: 4 ether,
                challenger: -15 ether,
                verifiers: 7.5 ether - 100 ether,
                burnt: 7.5 ether + 100 ether,
                aside: 0
            })
        );
    }

    function test_MemberThatDoesNotReveal() external {
        (LeaseResult memory lease, Batch memory batch, uint256 disputeId) = _disputed(NO_TASK);
        address[] memory members = _drawCommittee(disputeId);
        for (uint256 i; i < 3; ++i) {
            _vote(disputeId, members[i], _honest(1));
        }
        _reveal(disputeId, members[0], _honest(1));
        _reveal(disputeId, members[1], _honest(1));
        _wait(41);
        _openClaim(disputeId, lease, 1, NO_TASK);
        arbiter.resolve(disputeId);
        _endJob(batch, true);
        _check(
            Row({
                requester: -4 ether,
                provider: 4 ether,
                challenger: -15 ether,
                verifiers: 7.5 ether - 100 ether,
                burnt: 7.5 ether + 100 ether,
                aside: 0
            })
        );
    }

    function test_MemberThatNeverVotes() external {
        (LeaseResult memory lease, Batch memory batch, uint256 disputeId) = _disputed(NO_TASK);
        address[] memory members = _drawCommittee(disputeId);
        _vote(disputeId, members[0], _honest(1));
        _vote(disputeId, members[1], _honest(1));
        _wait(21);
        _reveal(disputeId, members[0], _honest(1));
        _reveal(disputeId, members[1], _honest(1));
        _openClaim(disputeId, lease, 1, NO_TASK);
        uint32 seatId = arbiter.committee(disputeId).seatIds[2];
        arbiter.resolve(disputeId);
        _endJob(batch, true);
        uint32[] memory seats = new uint32[](1);
        seats[0] = seatId;
        vm.prank(members[2]);
        market.releaseSeats(seats);
        _check(
            Row({
                requester: -4 ether,
                provider: 4 ether,
                challenger: -15 ether,
                verifiers: 7.5 ether,
                burnt: 7.5 ether,
                aside: 0
            })
        );
    }

    // ------------------------------------------------------------------------------ jobs, relays

    function test_Cancelled() external {
        vm.prank(requester);
        market.cancelJob(job, "");
        vm.warp(_now() + _params().commitGraceSeconds + 1);
        market.closeJob(job);
        _check(Row({requester: 0, provider: 0, challenger: 0, verifiers: 0, burnt: 0, aside: 0}));
    }

    function test_Expired() external {
        vm.warp(uint256(job.deadline) + _params().commitGraceSeconds + 1);
        market.closeJob(job);
        _check(Row({requester: 0, provider: 0, challenger: 0, verifiers: 0, burnt: 0, aside: 0}));
    }

    function test_Relayed() external {
        bytes memory call = abi.encodeCall(market.stake, (5 ether));
        (Request memory request, bytes memory signature) =
            _request(PROVIDER_KEY, call, 0.2 ether, 99);
        vm.prank(challenger);
        market.relay(request, 0.15 ether, signature);
        vm.warp(uint256(job.deadline) + _params().commitGraceSeconds + 1);
        market.closeJob(job);
        _check(
            Row({
                requester: 0,
                provider: -0.15 ether,
                challenger: 0.15 ether,
                verifiers: 0,
                burnt: 0,
                aside: 0
            })
        );
    }
}
