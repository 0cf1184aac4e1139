// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    AuditClaim,
    AuditCommitment,
    AuditCommitmentHash,
    Equivocation
} from "../../src/types/AuditResult.sol";
import {Batch} from "../../src/types/Batch.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice A member has lied in a committee and sees that its seat is lost. So it accuses itself of something
/// else, that it can do at any time: two words about an audit of its own. The reporter's reward
/// would come out of the stake that the ruling is going to take.
contract SelfReportTest is Fixture {
    uint32 internal constant TASK = 19;
    LeaseResult internal lease;
    bytes32 internal batchId;
    uint256 internal disputeId;
    address[] internal members;
    Equivocation internal twoWords;

    /// @dev An audit of the first member's was accepted, and it is the liar.
    function setUp() public override {
        super.setUp();
        lease = _lease(_openDefault(), 0, 20);
        (batchId,) = _commitOne(lease);
        _passSeed(batchId);
        disputeId = _dispute(_committed(batchId), 0, TASK);
        members = _drawCommittee(disputeId);
        twoWords = _twoWordsOf(_acceptOf(members[0]));
    }

    function _acceptOf(address who) internal returns (AuditClaim memory claim) {
        Batch memory batch = _committed(batchId);
        for (uint32 task; claim.verifier != who; ++task) {
            claim = _claim(batchId, batch, 0, task);
        }
        _accept(batch, claim);
    }

    /// @dev It signs a commitment of just any value, which its result does not open.
    function _twoWordsOf(AuditClaim memory claim) internal view returns (Equivocation memory) {
        bytes32 other = keccak256("other");
        bytes32 structHash =
            AuditCommitmentHash.hash(AuditCommitment(batchId, lease.leaseId, claim.task, other));
        bytes memory signature = _sign(_verifierKey(claim.verifier), structHash);
        return Equivocation(
            0, claim.task, 0, other, signature, claim.taskDigest, claim.salt, claim.signature
        );
    }

    function _lie() internal {
        for (uint256 i; i < members.length; ++i) {
            _vote(disputeId, members[i], i == 0 ? keccak256("lie") : _honest(TASK));
        }
        for (uint256 i; i < members.length; ++i) {
            _reveal(disputeId, members[i], i == 0 ? keccak256("lie") : _honest(TASK));
        }
    }

    function _resolve() internal {
        _openClaim(disputeId, lease, TASK, NO_TASK);
        arbiter.resolve(disputeId);
    }

    function _report() internal {
        Batch memory batch = _committed(batchId);
        vm.prank(members[0]);
        market.reportEquivocation(batch, twoWords);
    }

    function _seatWei() internal view returns (uint256 stakeWei) {
        (stakeWei,,) = market.seatStake(arbiter.committee(disputeId).seatIds[0]);
    }

    function test_NothingIsSavedBeforeTheRuling() external {
        _lie();
        uint256 before = _balance(members[0]);
        _report();
        vm.assertEq(_seatWei(), 0);
        _resolve();
        vm.assertEq(_balance(members[0]), before);
        vm.assertEq(market.burntWei(), 100 ether + 7.5 ether); // the seat, and half of the bond
    }

    function test_NorAfterIt() external {
        _lie();
        _resolve();
        uint256 before = _balance(members[0]);
        _report();
        vm.assertEq(_balance(members[0]), before);
        vm.assertEq(market.burntWei(), 100 ether + 7.5 ether);
    }

    /// @dev Who sits on no committee gets a little of its own stake out that way, and loses the most.
    function test_OffDutyItCostsMostOfTheStake() external {
        for (uint256 i; i < members.length; ++i) {
            _vote(disputeId, members[i], _honest(TASK));
        }
        for (uint256 i; i < members.length; ++i) {
            _reveal(disputeId, members[i], _honest(TASK));
        }
        _resolve();
        uint256 before = _balance(members[0]);
        _report();
        vm.assertEq(_balance(members[0]), before + 15 ether);
        vm.assertEq(_seatWei(), 0);
    }
}
