// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../../src/interfaces/IAnnex.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Pricing} from "../../src/libraries/Pricing.sol";
import {Sampling} from "../../src/libraries/Sampling.sol";
import {
    AuditClaim,
    AuditCommitment,
    AuditCommitmentHash,
    AuditResult,
    AuditResultHash,
    Equivocation
} from "../../src/types/AuditResult.sol";
import {Batch, BatchId} from "../../src/types/Batch.sol";
import {Ruling} from "../../src/types/Dispute.sol";
import {Request} from "../../src/types/Request.sol";
import {TaskResult} from "../../src/types/TaskResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A verifier commits to nonsense, is shown the provider's digest, signs that, and would be
/// paid. Its own two signatures tell; and nobody else's can be turned against it.
contract ReportEquivocationTest is Fixture {
    uint8 internal constant LINE = 1;

    bytes32 internal jobId;
    bytes32 internal batchId;
    bytes32 internal leaseId;
    address internal verifier;
    uint256 internal key;
    uint32 internal seatId;
    uint32 internal task;

    /// @dev The provider has no stake: every task is audited, the one in question twice. The lease is the
    /// batch's second.
    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
        (batchId,) = _commit(_two(_lease(jobId, 0, 4), _lease(jobId, 4, 6)));
        leaseId = _committed(batchId).lines[LINE].leaseId;
        _passSeed(batchId);
        task = 5;
        while (_rounds() != 2) ++task;
        verifier = _claimOf(0).verifier;
        key = _verifierKey(verifier);
    }

    // ------------------------------------------------------------------------------ steps

    function _rounds() internal view returns (uint256) {
        uint32 rate = Pricing.auditRatePpm(1 ether, 0);
        return Sampling.auditRounds(market.seedOf(batchId), leaseId, task, rate);
    }

    function _claimOf(uint256 round) internal view returns (AuditClaim memory) {
        return _claimIn(batchId, _committed(batchId), LINE, task, round);
    }

    function _acceptFirst() internal {
        _accept(_committed(batchId), _claimOf(0));
        seatId = market.acceptedAudit(batchId, LINE, task, 0).seatId;
    }

    function _signCommitment(uint256 key_, bytes32 made) internal view returns (bytes memory) {
        return _sign(key_, AuditCommitmentHash.hash(AuditCommitment(batchId, leaseId, task, made)));
    }

    function _signResult(uint256 key_, bytes32 digest, bytes32 salt)
        internal
        view
        returns (bytes memory)
    {
        return _sign(key_, AuditResultHash.hash(AuditResult(batchId, leaseId, task, digest, salt)));
    }

    /// @dev What a verifier leaves behind that commits to one digest and signs the right one.
    function _wordsOf(address who, uint256 key_, bytes32 committed)
        internal
        view
        returns (Equivocation memory found)
    {
        found.line = LINE;
        found.task = task;
        found.commitment = TaskResult.commitment(who, committed, keccak256("audit"));
        found.commitmentSignature = _signCommitment(key_, found.commitment);
        found.taskDigest = _honest(task);
        found.salt = keccak256("audit");
        found.resultSignature = _signResult(key_, found.taskDigest, found.salt);
    }

    function _lie() internal view returns (Equivocation memory) {
        return _wordsOf(verifier, key, keccak256("nonsense"));
    }

    function _report(Equivocation memory found) internal {
        Batch memory batch = _committed(batchId);
        vm.prank(stranger);
        market.reportEquivocation(batch, found);
    }

    function _expectRefused(Equivocation memory found, bytes memory error_) internal {
        Batch memory batch = _committed(batchId);
        _expect(error_);
        market.reportEquivocation(batch, found);
    }

    function _notAccepted(uint256 line, uint256 task_, uint256 round)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IMarketErrors.AuditNotAccepted.selector, batchId, line, task_, round
        );
    }

    function _ids() internal view returns (uint32[] memory ids) {
        ids = new uint32[](1);
        ids[0] = seatId;
    }

    function _seatWei(uint32 id) internal view returns (uint256 stakeWei) {
        (stakeWei,,) = market.seatStake(id);
    }

    function _leave() internal {
        vm.prank(verifier);
        market.leaveSeats(_ids());
    }

    function _leaveAndRelease() internal {
        _leave();
        vm.warp(_now() + 1000);
        vm.prank(verifier);
        market.releaseSeats(_ids());
    }

    // ------------------------------------------------------------------------------ it loses

    function test_TwoWordsCostTheSeat() external {
        _acceptFirst();
        uint256 before = _balance(verifier);
        Batch memory batch = _committed(batchId);
        Equivocation memory found = _lie();
        vm.expectEmit(address(market));
        emit IMarketEvents.SeatSlashed(seatId, verifier, 0);
        vm.expectEmit(address(market));
        emit IMarketEvents.SeatVacated(seatId, verifier);
        vm.prank(stranger);
        market.reportEquivocation(batch, found);
        vm.assertEq(_seatWei(seatId), 0);
        vm.assertEq(market.seat(seatId).vacatedBlock, vm.getBlockNumber());
        vm.assertEq(_balance(stranger), 15 ether);
        vm.assertEq(market.burntWei(), 85 ether);
        vm.assertEq(_balance(verifier), before);
        for (uint32 other; other < VERIFIERS; ++other) {
            if (other != seatId) vm.assertEq(_seatWei(other), 100 ether);
        }
    }

    /// @dev Both words name the right digest: that they do not go together is enough.
    function test_AlsoIfOnlyTheSaltIsAnother() external {
        _acceptFirst();
        Equivocation memory found = _lie();
        found.commitment = TaskResult.commitment(verifier, found.taskDigest, keccak256("other"));
        found.commitmentSignature = _signCommitment(key, found.commitment);
        _report(found);
        vm.assertEq(_seatWei(seatId), 0);
    }

    /// @dev A commitment that is bound to somebody else was copied.
    function test_AlsoIfTheCommitmentIsAnothers() external {
        _acceptFirst();
        _report(_wordsOf(stranger, key, _honest(task)));
        vm.assertEq(_seatWei(seatId), 0);
    }

    function test_AlsoWhenADeviceSigned() external {
        uint256 deviceKey = 0xDE;
        _delegate(key, vm.addr(deviceKey), uint40(START + 1 days), 1);
        _acceptFirst();
        Equivocation memory found = _lie();
        found.commitmentSignature = _signCommitment(deviceKey, found.commitment);
        found.resultSignature = _signResult(deviceKey, found.taskDigest, found.salt);
        _report(found);
        vm.assertEq(_seatWei(seatId), 0);
    }

    function test_AlsoWhenTheBatchIsFinished() external {
        _acceptFirst();
        _passWindow(batchId);
        market.settleBatch(_committed(batchId));
        vm.assertEq(market.batch(batchId).lineCount, 0);
        _report(_lie());
        vm.assertEq(_seatWei(seatId), 0);
    }

    function test_LeavingDoesNotHelp() external {
        _acceptFirst();
        _leave();
        _report(_lie());
        vm.assertEq(_seatWei(seatId), 0);
        vm.assertEq(_balance(stranger), 15 ether);
    }

    function _hold(uint256 disputeId) internal {
        vm.prank(address(arbiter));
        market.holdSeats(disputeId, _ids());
    }

    /// @dev It may be the verifier that reports itself, while it is certain to lose more in a dispute:
    /// see attacks/SelfReport.tree.
    function test_NobodyIsPaidForASeatOnDuty() external {
        _acceptFirst();
        uint256 disputeId = _dispute(_committed(batchId), 0, 0);
        _hold(disputeId);
        _report(_lie());
        vm.assertEq(_seatWei(seatId), 0);
        vm.assertEq(_balance(stranger), 0);
        vm.assertEq(market.burntWei(), 100 ether);
    }

    /// @dev Of two disputes that it serves in, the last one ends its duty.
    function test_AfterItsDutyTheReporterIsPaidAgain() external {
        _acceptFirst();
        Ruling memory nothing;
        nothing.seatIds = _ids();
        uint256 first = _dispute(_committed(batchId), 0, 0);
        uint256 second = _dispute(_committed(batchId), 0, 1);
        _hold(first);
        _hold(second);
        vm.startPrank(address(arbiter));
        market.rule(first, nothing);
        market.rule(second, nothing);
        vm.stopPrank();
        _report(_lie());
        vm.assertEq(_balance(stranger), 15 ether);
        vm.assertEq(market.burntWei(), 85 ether);
    }

    function test_APaidOutSeatHasNothingToTake() external {
        _acceptFirst();
        _leaveAndRelease();
        _report(_lie());
        vm.assertEq(_balance(stranger), 0);
        vm.assertEq(market.burntWei(), 0);
    }

    function test_TheSecondRoundsVerifierLosesItsOwn() external {
        _acceptFirst();
        AuditClaim memory claim = _claimOf(1);
        _accept(_committed(batchId), claim);
        uint32 secondSeat = market.acceptedAudit(batchId, LINE, task, 1).seatId;
        uint256 secondKey = _verifierKey(claim.verifier);
        Equivocation memory found = _wordsOf(claim.verifier, secondKey, keccak256("nonsense"));
        _expectRefused(found, _badSignature(verifier));
        found.round = 1;
        _report(found);
        vm.assertEq(_seatWei(secondSeat), 0);
        vm.assertEq(_seatWei(seatId), 100 ether);
    }

    function test_TheSignerOfARelayedRequestIsPaid() external {
        _acceptFirst();
        bytes memory data = abi.encodeCall(IAnnex.reportEquivocation, (_committed(batchId), _lie()));
        (Request memory request, bytes memory signature) =
            _request(CHALLENGER_KEY, data, 1 ether, 7);
        vm.prank(stranger);
        market.relay(request, 1 ether, signature);
        vm.assertEq(_balance(challenger), FUNDS + 14 ether);
        vm.assertEq(_balance(stranger), 1 ether);
    }

    // ------------------------------------------------------------------------------ honest ones

    function test_RevertWhen_TheResultOpensTheCommitment() external {
        _acceptFirst();
        _expectRefused(
            _wordsOf(verifier, key, _honest(task)),
            abi.encodeWithSelector(IMarketErrors.NoEquivocation.selector, batchId, LINE, task)
        );
        _report(_lie()); // nothing was used up
    }

    function test_RevertWhen_AnotherSigned() external {
        _acceptFirst();
        Equivocation memory found = _lie();
        bytes memory mine = found.commitmentSignature;
        found.commitmentSignature = _signCommitment(STRANGER_KEY, found.commitment);
        _expectRefused(found, _badSignature(verifier));
        found.commitmentSignature = mine;
        found.resultSignature = _signResult(STRANGER_KEY, found.taskDigest, found.salt);
        _expectRefused(found, _badSignature(verifier));
    }

    /// @dev Signed words about another task, lease or batch are other words.
    function test_RevertWhen_TheCommitmentIsAboutSomethingElse() external {
        _acceptFirst();
        Equivocation memory found = _lie();
        AuditCommitment[3] memory others = [
            AuditCommitment(batchId, leaseId, task + 1, found.commitment),
            AuditCommitment(batchId, keccak256("lease"), task, found.commitment),
            AuditCommitment(keccak256("batch"), leaseId, task, found.commitment)
        ];
        for (uint256 i; i < others.length; ++i) {
            found.commitmentSignature = _sign(key, AuditCommitmentHash.hash(others[i]));
            _expectRefused(found, _badSignature(verifier));
        }
    }

    function test_RevertWhen_TheDeviceIsNoLongerLive() external {
        address device_ = vm.addr(0xDE);
        _delegate(key, device_, uint40(START + 1 days), 1);
        _acceptFirst();
        Equivocation memory found = _lie();
        found.commitmentSignature = _signCommitment(0xDE, found.commitment);
        vm.prank(verifier);
        market.revokeDevice(device_);
        _expectRefused(found, _badSignature(verifier));
    }

    /// @dev Whoever sits there now has said nothing about the task.
    function test_RevertWhen_SomebodyElseSitsThereNow() external {
        _acceptFirst();
        _leaveAndRelease();
        vm.prank(challenger);
        market.takeSeats(1);
        vm.assertEq(market.seat(seatId).holder, challenger);
        _expectRefused(_lie(), _badSignature(challenger));
        vm.assertEq(_seatWei(seatId), 100 ether);
    }

    // ------------------------------------------------------------------------------ once, there

    function test_RevertWhen_ItWasNotAccepted() external {
        _expectRefused(_lie(), _notAccepted(LINE, task, 0));
        _acceptFirst();
        Equivocation memory found = _lie();
        found.round = 1;
        _expectRefused(found, _notAccepted(LINE, task, 1));
        found.round = 0;
        found.line = 0;
        _expectRefused(found, _notAccepted(0, task, 0));
        found.line = LINE;
        found.task = task + 1;
        _expectRefused(found, _notAccepted(LINE, task + 1, 0));
    }

    function test_RevertWhen_ReportedBefore() external {
        _acceptFirst();
        _report(_lie());
        _expectRefused(_lie(), _notAccepted(LINE, task, 0));
        vm.assertEq(_balance(stranger), 15 ether);
    }

    function test_AReportedAuditIsNotAcceptedAgain() external {
        _acceptFirst();
        _report(_lie());
        AuditClaim memory claim = _claimOf(0);
        Batch memory batch = _committed(batchId);
        _expect(
            abi.encodeWithSelector(IMarketErrors.AuditAlreadyAccepted.selector, leaseId, task, 0)
        );
        _accept(batch, claim);
    }

    function test_RevertWhen_TheBatchOrLineIsAnother() external {
        _acceptFirst();
        Equivocation memory found = _lie();
        found.line = 2;
        _expectRefused(found, abi.encodeWithSelector(IMarketErrors.NoSuchLine.selector, batchId, 2));
        found.line = LINE;
        Batch memory batch = _committed(batchId);
        batch.operator = stranger;
        _expect(
            abi.encodeWithSelector(
                IMarketErrors.AuditNotAccepted.selector, BatchId.idOf(batch), LINE, task, 0
            )
        );
        market.reportEquivocation(batch, found);
    }
}
