// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Pricing} from "../../src/libraries/Pricing.sol";
import {Sampling} from "../../src/libraries/Sampling.sol";
import {
    AcceptedAudit,
    AuditClaim,
    AuditResult,
    AuditResultHash
} from "../../src/types/AuditResult.sol";
import {Batch, BatchId, PartyFields} from "../../src/types/Batch.sol";
import {Job} from "../../src/types/Job.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract AcceptAuditsTest is Fixture {
    uint24 internal constant SEATS = uint24(VERIFIERS);

    bytes32 internal jobId;
    bytes32 internal batchId;

    /// @dev The provider has no stake: every task is drawn, four of five a second time.
    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        (batchId,) = _commit(_two(_lease(jobId, 0, 4), _lease(jobId, 4, 6)));
    }

    function _expectRefused(AuditClaim memory claim, bytes memory error_) internal {
        Batch memory batch = _committed(batchId);
        _expect(error_);
        _accept(batch, claim);
    }

    function _expectNotDrawn(AuditClaim memory claim) internal {
        _expectRefused(
            claim,
            abi.encodeWithSelector(
                IMarketErrors.VerifierNotDrawn.selector, claim.verifier, claim.attempt
            )
        );
    }

    function _claimOf(uint8 line, uint32 task, uint256 round)
        internal
        view
        returns (AuditClaim memory)
    {
        return _claimIn(batchId, _committed(batchId), line, task, round);
    }

    function _leaseId(uint8 line) internal view returns (bytes32) {
        return _committed(batchId).lines[line].leaseId;
    }

    function _resign(AuditClaim memory claim, uint256 key) internal view {
        AuditResult memory result =
            AuditResult(batchId, _leaseId(claim.line), claim.task, claim.taskDigest, claim.salt);
        claim.signature = _sign(key, AuditResultHash.hash(result));
    }

    /// @dev How often the seed has the task audited; a task costs 1 credit.
    function _rounds(uint8 line, uint32 task) internal view returns (uint256) {
        uint32 rate = Pricing.auditRatePpm(1 ether, _committed(batchId).providers[0].stakeWei());
        return Sampling.auditRounds(market.seedOf(batchId), _leaseId(line), task, rate);
    }

    /// @dev The first task from `task` on that is audited so often.
    function _nextOf(uint32 task, uint256 rounds) internal view returns (uint32) {
        while (_rounds(0, task) != rounds) ++task;
        return task;
    }

    /// @dev A batch of one lease of a job of many tasks, behind so much stake.
    function _stakedBatch(uint96 stakeWei, uint32 tasks) internal {
        vm.prank(provider);
        market.stake(stakeWei);
        Job memory job = _job();
        job.taskCount = tasks;
        job.nonce = 2;
        jobId = _open(job);
        (batchId,) = _commitOne(_lease(jobId, 0, tasks));
        _passSeed(batchId);
    }

    // ------------------------------------------------------------------------------ accepting

    function test_SetsTheFeeAside() external {
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        Batch memory batch = _committed(batchId);
        bytes32 seed = market.seedOf(batchId);
        vm.expectEmit(address(market));
        emit IMarketEvents.SeedFixed(batchId, seed);
        vm.expectEmit(address(market));
        emit IMarketEvents.AuditAccepted(
            batchId, _leaseId(0), claim.verifier, jobId, 2, 0, 1.2 ether
        );
        vm.prank(stranger);
        _accept(batch, claim);
        vm.assertEq(_balance(claim.verifier), FUNDS - 100 ether);
        vm.assertEq(_auditEscrow(), 22.8 ether);
        AcceptedAudit memory done = market.acceptedAudit(batchId, 0, 2, 0);
        vm.assertEq(market.seat(done.seatId).holder, claim.verifier);
        vm.assertEq(done.acceptedBlock, vm.getBlockNumber());
        vm.assertEq(done.feeWei, 1.2 ether);
        vm.assertFalse(done.isRefuted);
        _requireNone(market.acceptedAudit(batchId, 0, 2, 1));
        _requireNone(market.acceptedAudit(batchId, 1, 2, 0));
        _requireNone(market.acceptedAudit(batchId, 0, 3, 0));
    }

    function _requireNone(AcceptedAudit memory none) internal pure {
        vm.assertEq(uint256(none.acceptedBlock) + none.seatId + none.feeWei, 0);
        vm.assertFalse(none.isRefuted);
    }

    function _auditEscrow() internal view returns (uint256) {
        return _stateOf(jobId).auditEscrowWei;
    }

    function test_KeepsTheSeed() external {
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        bytes32 seed = market.seedOf(batchId);
        _accept(_committed(batchId), claim);
        _forward(10_000);
        vm.assertEq(market.seedOf(batchId), seed);
        claim = _claimOf(0, 3, 0);
        _accept(_committed(batchId), claim);
    }

    function test_AcceptsManyOfSeveralLeases() external {
        _passSeed(batchId);
        AuditClaim[] memory claims = new AuditClaim[](3);
        claims[0] = _claimOf(1, 9, 0);
        claims[1] = _claimOf(0, 0, 0);
        claims[2] = _claimOf(1, 4, 0);
        market.acceptAudits(_committed(batchId), SEATS, claims);
        vm.assertEq(_auditEscrow(), 24 ether - 3.6 ether);
    }

    function test_ADeviceOfTheVerifierMaySign() external {
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        _delegate(_verifierKey(claim.verifier), stranger, uint40(START + 1 days), 1);
        _resign(claim, STRANGER_KEY);
        _accept(_committed(batchId), claim);
    }

    /// @dev The second gets what is left, the third nothing: it counts all the same.
    function test_SetsAsideWhatIsLeftOfTheEscrow() external {
        Job memory job = _job();
        job.auditBudget = 1.5 ether;
        job.nonce = 2;
        jobId = _open(job);
        (batchId,) = _commitOne(_lease(jobId, 0, 20));
        _passSeed(batchId);
        uint64[3] memory feesWei = [1.2 ether, 0.3 ether, 0];
        for (uint32 task; task < 3; ++task) {
            _accept(_committed(batchId), _claimOf(0, task, 0));
            AcceptedAudit memory done = market.acceptedAudit(batchId, 0, task, 0);
            vm.assertEq(done.feeWei, feesWei[task]);
            vm.assertEq(done.acceptedBlock, vm.getBlockNumber());
        }
        vm.assertEq(_auditEscrow(), 0);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        _expectRefused(
            claim,
            abi.encodeWithSelector(IMarketErrors.AuditAlreadyAccepted.selector, _leaseId(0), 2, 0)
        );
    }

    // ------------------------------------------------------------------------------ rounds

    /// @dev No stake: 180 %. Every task once, and those that are drawn for it twice.
    function test_ARateOverAHundredPercentAcceptsASecondRound() external {
        _passSeed(batchId);
        uint256 again;
        for (uint32 task; task < 10; ++task) {
            uint8 line = task < 4 ? 0 : 1;
            AuditClaim memory first = _claimOf(line, task, 0);
            _accept(_committed(batchId), first);
            AuditClaim memory second = _claimOf(line, task, 1);
            if (_rounds(line, task) == 2) {
                _accept(_committed(batchId), second);
                vm.assertTrue(second.verifier != first.verifier);
                vm.assertTrue(second.attempt >= 64);
                ++again;
            } else {
                _expectRefused(
                    second,
                    abi.encodeWithSelector(
                        IMarketErrors.TaskNotDrawn.selector, _leaseId(line), task, 1
                    )
                );
            }
        }
        vm.assertTrue(again > 4 && again < 10);
        vm.assertEq(_auditEscrow(), 24 ether - (10 + again) * 1.2 ether);
    }

    function test_TheSecondRoundNeedsNotTheFirst() external {
        _passSeed(batchId);
        uint32 task = _nextOf(0, 2);
        AuditClaim memory claim = _claimOf(0, task, 1);
        vm.expectEmit(address(market));
        emit IMarketEvents.AuditAccepted(
            batchId, _leaseId(0), claim.verifier, jobId, task, 1, 1.2 ether
        );
        _accept(_committed(batchId), claim);
        AcceptedAudit memory done = market.acceptedAudit(batchId, 0, task, 1);
        vm.assertEq(done.feeWei, 1.2 ether);
        vm.assertEq(market.seat(done.seatId).holder, claim.verifier);
    }

    /// @dev A verifier that holds nearly all seats audits once, and somebody else a second time.
    function test_TheSecondRoundPassesOverTheFirstsHolder() external {
        vm.prank(_verifier(0));
        market.takeSeats(60);
        _forward(1);
        (batchId,) = _commitOne(_lease(jobId, 10, 10));
        _passSeed(batchId);
        uint256 skipped;
        for (uint32 task = _nextOf(10, 2); task < 19; task = _nextOf(task + 1, 2)) {
            AuditClaim memory second = _claimOf(0, task, 1);
            AuditClaim memory first = _claimOf(0, task, 0);
            _accept(_committed(batchId), second);
            _accept(_committed(batchId), first);
            vm.assertTrue(first.verifier != second.verifier);
            skipped += second.attempt - 64;
            if (_isLastOf(task, 2)) break;
        }
        vm.assertTrue(skipped > 0);
    }

    function _isLastOf(uint32 task, uint256 rounds) internal view returns (bool) {
        for (uint32 next = task + 1; next < 20; ++next) {
            if (_rounds(0, next) == rounds) return false;
        }
        return true;
    }

    function test_RevertWhen_TheFirstsHolderClaimsTheSecondRoundToo() external {
        vm.prank(_verifier(0));
        market.takeSeats(60);
        _forward(1);
        (batchId,) = _commitOne(_lease(jobId, 10, 10));
        _passSeed(batchId);
        uint32 task = _nextOf(10, 2);
        AuditClaim memory claim = _claimOf(0, task, 0);
        for (claim.attempt = 64; claim.attempt < 128; ++claim.attempt) {
            _expectNotDrawn(claim);
        }
    }

    /// @dev Half an audit a task: a tenth of those that are audited, twice.
    function test_BelowAHundredPercentATenthIsAuditedAgain() external {
        _stakedBatch(2.6 ether, 200);
        uint32 task = _nextOf(0, 2);
        _accept(_committed(batchId), _claimOf(0, task, 0));
        _accept(_committed(batchId), _claimOf(0, task, 1));
        vm.assertEq(_auditEscrow(), 24 ether - 2.4 ether);
        uint256 audited;
        uint256 again;
        for (task = 0; task < 200; ++task) {
            uint256 rounds = _rounds(0, task);
            if (rounds > 0) ++audited;
            if (rounds > 1) ++again;
        }
        vm.assertTrue(audited > 75 && audited < 125);
        vm.assertTrue(again > 2 && again < 25);
    }

    function test_RevertWhen_TheTaskIsDrawnOnlyOnce() external {
        _stakedBatch(2.6 ether, 60);
        uint32 task = _nextOf(0, 1);
        _expectRefused(
            _claimOf(0, task, 1),
            abi.encodeWithSelector(IMarketErrors.TaskNotDrawn.selector, _leaseId(0), task, 1)
        );
        _accept(_committed(batchId), _claimOf(0, task, 0));
    }

    function test_RevertWhen_TheTaskIsNotDrawn() external {
        _stakedBatch(1000 ether, 20);
        uint32 task = _nextOf(0, 0);
        for (uint256 round; round < 2; ++round) {
            _expectRefused(
                _claimOf(0, task, round),
                abi.encodeWithSelector(
                    IMarketErrors.TaskNotDrawn.selector, _leaseId(0), task, round
                )
            );
        }
    }

    /// @dev The rate follows the stake that stood behind the lease when it was committed.
    function test_StakeThatCameLaterChangesNothing() external {
        vm.prank(provider);
        market.stake(100_000 ether);
        _passSeed(batchId);
        for (uint32 task; task < 4; ++task) {
            _accept(_committed(batchId), _claimOf(0, task, 0));
        }
    }

    // ------------------------------------------------------------------------------ the draw

    function test_RevertWhen_TheVerifierIsNotTheDrawnOne() external {
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        claim.verifier = claim.verifier == _verifier(0) ? _verifier(1) : _verifier(0);
        _expectNotDrawn(claim);
    }

    /// @dev A later attempt only counts if every earlier one of its round found nobody.
    function test_RevertWhen_AnEarlierAttemptFindsSomebody() external {
        _passSeed(batchId);
        uint32 task = _nextOf(0, 2);
        for (uint256 round; round < 2; ++round) {
            AuditClaim memory claim = _claimOf(0, task, round);
            address drawn = claim.verifier;
            for (claim.attempt += 1; claim.verifier == drawn; ++claim.attempt) {
                claim.verifier = _holderDrawn(batchId, _leaseId(0), task, claim.attempt);
            }
            --claim.attempt;
            _expectNotDrawn(claim);
        }
    }

    /// @dev The same verifier at a later attempt that would draw it too.
    function test_RevertWhen_TheAttemptIsNotTheFirstThatDrawsIt() external {
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        address drawn = claim.verifier;
        ++claim.attempt;
        while (_holderDrawn(batchId, _leaseId(0), 2, claim.attempt) != drawn) ++claim.attempt;
        _expectNotDrawn(claim);
    }

    function test_RevertWhen_TheAttemptIsOfTheOtherRound() external {
        _passSeed(batchId);
        uint32 task = _nextOf(0, 2);
        AuditClaim memory claim = _claimOf(0, task, 0);
        claim.attempt += 64;
        _expectNotDrawn(claim);
        claim = _claimOf(0, task, 1);
        claim.attempt -= 64;
        _expectNotDrawn(claim);
    }

    function test_RevertWhen_TheAttemptIsOutOfRange() external {
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        claim.attempt = 128;
        _expectRefused(
            claim, abi.encodeWithSelector(IMarketErrors.TaskNotDrawn.selector, _leaseId(0), 2, 2)
        );
        claim.attempt = type(uint32).max;
        _expectRefused(
            claim,
            abi.encodeWithSelector(
                IMarketErrors.TaskNotDrawn.selector, _leaseId(0), 2, type(uint32).max / 64
            )
        );
    }

    /// @dev The parties hold most seats, but not so many that 64 draws could find nobody else.
    function test_PassesOverThePartiesOwnSeats() external {
        token.mint(operator, 1000 ether);
        vm.startPrank(operator);
        token.approve(address(market), 1000 ether);
        market.deposit(1000 ether);
        market.takeSeats(10);
        vm.stopPrank();
        vm.prank(provider);
        market.takeSeats(10);
        vm.prank(requester);
        market.takeSeats(10);
        _forward(1);
        (batchId,) = _commitOne(_lease(jobId, 10, 10));
        _passSeed(batchId);
        uint256 skipped;
        for (uint32 task = 10; task < 20; ++task) {
            AuditClaim memory claim = _claimOf(0, task, 0);
            skipped += claim.attempt;
            _accept(_committed(batchId), claim);
        }
        vm.assertTrue(skipped > 0);
    }

    function test_RevertWhen_APartyClaimsItsOwnDraw() external {
        vm.prank(requester);
        market.takeSeats(60);
        _forward(1);
        (batchId,) = _commitOne(_lease(jobId, 10, 10));
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 10, 0);
        claim.verifier = requester;
        for (claim.attempt = 0; claim.attempt < 64; ++claim.attempt) {
            _expectNotDrawn(claim);
        }
    }

    function test_RevertWhen_TheSeatWasTakenAfterTheCommitment() external {
        vm.prank(challenger);
        market.takeSeats(64);
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        claim.verifier = challenger;
        for (claim.attempt = 0; claim.attempt < 64; ++claim.attempt) {
            _expectNotDrawn(claim);
        }
    }

    function test_RevertWhen_EverybodyHadLeft() external {
        for (uint32 i; i < VERIFIERS; ++i) {
            uint32[] memory ids = new uint32[](1);
            ids[0] = i;
            vm.prank(_verifier(i));
            market.leaveSeats(ids);
        }
        (batchId,) = _commitOne(_lease(jobId, 10, 4));
        _passSeed(batchId);
        AuditClaim memory claim;
        claim.task = 10;
        claim.verifier = _verifier(0);
        _expectNotDrawn(claim);
    }

    function test_RevertWhen_ThereAreNoSeats() external {
        _deploy();
        _fund(requester);
        _delegate(PROVIDER_KEY, device, uint40(START + 1 days), 1);
        jobId = _openDefault();
        (batchId,) = _commitOne(_lease(jobId, 0, 4));
        _passSeed(batchId);
        AuditClaim memory claim;
        claim.verifier = stranger;
        _expectNotDrawn(claim);
        claim.verifier = address(0);
        _expectNotDrawn(claim);
    }

    // ------------------------------------------------------------------------------ the digest

    function test_RevertWhen_TheResultIsForged() external {
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        claim.taskDigest = keccak256("another");
        _expectRefused(claim, _badSignature(claim.verifier));
        claim = _claimOf(0, 2, 0);
        _resign(claim, STRANGER_KEY);
        _expectRefused(claim, _badSignature(claim.verifier));
    }

    function test_RevertWhen_TheDigestIsNotTheProviders() external {
        _passSeed(batchId);
        bytes memory disagrees =
            abi.encodeWithSelector(IMarketErrors.AuditDisagrees.selector, _leaseId(0), 2);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        claim.taskDigest = keccak256("another");
        _resign(claim, _verifierKey(claim.verifier));
        _expectRefused(claim, disagrees);
        claim = _claimOf(0, 2, 0);
        claim.leafSalt = _salt(3);
        _expectRefused(claim, disagrees);
        claim = _claimOf(0, 2, 0);
        claim.proof = _claimOf(0, 3, 0).proof;
        _expectRefused(claim, disagrees);
        claim.proof = new bytes32[](0);
        _expectRefused(claim, disagrees);
    }

    /// @dev The provider was wrong, and so was the verifier: it counts, for now. See PayAudits.tree.
    function test_AWrongDigestThatIsTheProvidersIsAccepted() external {
        (batchId,) = _commitOne(_leaseWithFault(jobId, 10, 4, 11));
        _passSeed(batchId);
        Batch memory batch = _committed(batchId);
        AuditClaim memory claim = _claimFor(batchId, batch, 0, 11, 0, 11);
        _accept(batch, claim);
        AuditClaim memory honest = _claimFor(batchId, batch, 0, 11, 0, NO_TASK);
        _expectRefused(
            honest, abi.encodeWithSelector(IMarketErrors.AuditDisagrees.selector, _leaseId(0), 11)
        );
    }

    // ------------------------------------------------------------------------------ once

    function test_RevertWhen_AcceptedBefore() external {
        _passSeed(batchId);
        uint32 task = _nextOf(0, 2);
        for (uint256 round; round < 2; ++round) {
            AuditClaim memory claim = _claimOf(0, task, round);
            _accept(_committed(batchId), claim);
            _expectRefused(
                claim,
                abi.encodeWithSelector(
                    IMarketErrors.AuditAlreadyAccepted.selector, _leaseId(0), task, round
                )
            );
        }
    }

    function test_RevertWhen_TheSameTwiceAtOnce() external {
        _passSeed(batchId);
        AuditClaim[] memory claims = new AuditClaim[](2);
        claims[0] = claims[1] = _claimOf(0, 2, 0);
        Batch memory batch = _committed(batchId);
        _expect(
            abi.encodeWithSelector(IMarketErrors.AuditAlreadyAccepted.selector, _leaseId(0), 2, 0)
        );
        market.acceptAudits(batch, SEATS, claims);
    }

    // ------------------------------------------------------------------------------ the batch

    function test_RevertWhen_TheSeedIsNotReadyOrGone() external {
        AuditClaim memory claim;
        uint256 seedBlock = vm.getBlockNumber() + 2;
        _expectRefused(
            claim, abi.encodeWithSelector(IMarketErrors.SeedNotReady.selector, batchId, seedBlock)
        );
        vm.roll(seedBlock + 257);
        _expectRefused(
            claim, abi.encodeWithSelector(IMarketErrors.SeedGone.selector, batchId, seedBlock)
        );
    }

    function test_RevertWhen_NoneOrTooManyAreClaimed() external {
        _passSeed(batchId);
        Batch memory batch = _committed(batchId);
        _expect(abi.encodeWithSelector(IMarketErrors.TooMany.selector, 0, 64));
        market.acceptAudits(batch, SEATS, new AuditClaim[](0));
        _expect(abi.encodeWithSelector(IMarketErrors.TooMany.selector, 65, 64));
        market.acceptAudits(batch, SEATS, new AuditClaim[](65));
    }

    /// @dev Among another number of seats, others would be drawn.
    function test_RevertWhen_TheSeatCountIsAnother() external {
        _passSeed(batchId);
        AuditClaim[] memory claims = new AuditClaim[](1);
        claims[0] = _claimOf(0, 2, 0);
        uint48 commitBlock = market.batch(batchId).commitBlock;
        _fund(stranger);
        vm.prank(stranger);
        market.takeSeats(1);
        Batch memory batch = _committed(batchId);
        uint24[4] memory wrong = [0, SEATS - 1, SEATS + 1, SEATS + 2];
        for (uint256 i; i < wrong.length; ++i) {
            _expect(
                abi.encodeWithSelector(IMarketErrors.WrongSeatCount.selector, wrong[i], commitBlock)
            );
            market.acceptAudits(batch, wrong[i], claims);
        }
        market.acceptAudits(batch, SEATS, claims);
    }

    /// @dev With more stake in the batch than there was, fewer audits would be due.
    function test_RevertWhen_TheBatchIsNotTheCommittedOne() external {
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        Batch memory batch = _committed(batchId);
        batch.providers[0] = PartyFields.pack(provider, 1);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, BatchId.idOf(batch)));
        _accept(batch, claim);
    }

    function test_RevertWhen_ThereIsNoSuchLine() external {
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        claim.line = 2;
        _expectRefused(claim, abi.encodeWithSelector(IMarketErrors.NoSuchLine.selector, batchId, 2));
    }

    function test_RevertWhen_TheTaskIsNotInTheLease() external {
        _passSeed(batchId);
        AuditClaim memory claim = _claimOf(1, 4, 0);
        claim.task = 3;
        _expectRefused(
            claim, abi.encodeWithSelector(IMarketErrors.TaskNotInLease.selector, _leaseId(1), 3)
        );
        claim.task = 10;
        _expectRefused(
            claim, abi.encodeWithSelector(IMarketErrors.TaskNotInLease.selector, _leaseId(1), 10)
        );
    }

    function test_RevertWhen_TheBatchIsFinished() external {
        _fixSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        _expectRefused(claim, abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, batchId));
    }

    function _finished(uint256 line) internal view returns (bytes memory) {
        return abi.encodeWithSelector(IMarketErrors.LeaseFinished.selector, batchId, line);
    }

    /// @dev Nothing of it can be contested any more, so nobody could tell what an audit of it is worth.
    function test_RevertWhen_TheLeaseWasLost() external {
        uint256 disputeId = _dispute(_committed(batchId), 1, 4);
        _passSeed(batchId);
        _accept(_committed(batchId), _claimOf(1, 5, 0)); // while it may still be right
        vm.prank(provider);
        market.concede(disputeId);
        _expectRefused(_claimOf(1, 6, 0), _finished(1));
        _accept(_committed(batchId), _claimOf(0, 2, 0));
        vm.assertEq(_auditEscrow(), 24 ether - 2.4 ether);
    }

    /// @dev A claim about a finished lease takes the others of its call with it.
    function test_RevertWhen_OneOfManyLeasesWasLost() external {
        uint256 disputeId = _dispute(_committed(batchId), 1, 4);
        vm.prank(provider);
        market.concede(disputeId);
        _passSeed(batchId);
        AuditClaim[] memory claims = new AuditClaim[](2);
        (claims[0], claims[1]) = (_claimOf(0, 2, 0), _claimOf(1, 6, 0));
        Batch memory batch = _committed(batchId);
        _expect(_finished(1));
        market.acceptAudits(batch, SEATS, claims);
        vm.assertEq(_auditEscrow(), 24 ether);
    }

    /// @dev Also when its fee was paid: it is accepted once.
    function test_RevertWhen_PaidBefore() external {
        _fixSeed(batchId);
        _dispute(_committed(batchId), 1, 4);
        _accept(_committed(batchId), _claimOf(0, 2, 0));
        AuditClaim memory claim = _claimOf(0, 2, 0);
        vm.warp(_windowEndsAt(batchId) + 1001);
        market.settleBatch(_committed(batchId));
        _payAudit(_committed(batchId), 0, 2);
        _expectRefused(claim, _finished(0));
        vm.assertEq(_auditEscrow(), 24 ether - 1.2 ether);
    }

    /// @dev The other lease's dispute, held longer than pay waits for it, keeps the batch.
    function test_RevertWhen_TheLeaseIsSettled() external {
        _fixSeed(batchId);
        _dispute(_committed(batchId), 1, 4);
        vm.warp(_windowEndsAt(batchId) + 1001);
        market.settleBatch(_committed(batchId));
        vm.assertEq(market.batch(batchId).finishedBits, 1);
        _expectRefused(_claimOf(0, 2, 0), _finished(0));
        _accept(_committed(batchId), _claimOf(1, 6, 0));
    }

    /// @dev Its leases were lost, which keeps the batch: but its job is over, and its escrow returned.
    function test_RevertWhen_TheJobIsClosed() external {
        Batch memory batch = _committed(batchId);
        for (uint8 line; line < 2; ++line) {
            uint256 disputeId = _dispute(batch, line, 4 * line);
            vm.prank(provider);
            market.concede(disputeId);
        }
        _fixSeed(batchId);
        AuditClaim memory claim = _claimOf(0, 2, 0);
        vm.warp(START + 2 hours);
        market.closeJob(_jobOf[jobId]);
        _expectRefused(claim, _finished(0));
    }
}
