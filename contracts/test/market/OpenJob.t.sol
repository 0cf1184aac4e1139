// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketCore} from "../../src/interfaces/IMarketCore.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Cancellation, CancellationHash} from "../../src/types/Cancellation.sol";
import {Job, JobHash} from "../../src/types/Job.sol";
import {JobState, JobWords} from "../../src/types/JobState.sol";
import {Fixture} from "../Fixture.sol";
import {SmartAccount} from "../SmartAccount.sol";
import {vm} from "../Vm.sol";

contract OpenJobTest is Fixture {
    function _expectRefused(Job memory job, bytes memory error_) internal {
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(job));
        _expect(error_);
        market.openJob(job, signature);
    }

    function test_LocksTheWholePrice_AndPaysTheRelayer() external {
        Job memory job = _job();
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(job));
        bytes32 expected = _idOf(job);
        vm.expectEmit(address(market));
        emit IMarketEvents.JobOpened(expected, job);
        vm.prank(stranger);
        bytes32 jobId = market.openJob(job, signature);
        vm.assertEq(jobId, expected);
        JobState memory state = _stateOf(jobId);
        vm.assertEq(state.escrowWei, 20 ether);
        vm.assertEq(state.auditEscrowWei, 24 ether);
        vm.assertEq(state.frontier, 0);
        vm.assertEq(state.flags, JobWords.OPENED);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether);
        vm.assertEq(_balance(stranger), 0.1 ether);
    }

    function test_TheRequesterItselfNeedsNoSignature() external {
        vm.prank(requester);
        bytes32 jobId = market.openJob(_job(), "");
        vm.assertEq(_stateOf(jobId).flags, JobWords.OPENED);
        vm.assertEq(_balance(requester), FUNDS - 44 ether); // its fee comes back to it
    }

    function test_ASmartAccountSigns() external {
        SmartAccount account = new SmartAccount();
        vm.prank(requester);
        market.withdraw(100 ether, address(account));
        vm.startPrank(address(account));
        token.approve(address(market), 100 ether);
        market.deposit(100 ether);
        vm.stopPrank();
        Job memory job = _job();
        job.requester = address(account);
        _expect(_badSignature(address(account)));
        market.openJob(job, "anything");
        account.approve(_idOf(job));
        market.openJob(job, "anything");
        vm.assertEq(_balance(address(account)), 55.9 ether);
    }

    function test_RevertWhen_Forged() external {
        bytes memory signature = _sign(OPERATOR_KEY, JobHash.hash(_job()));
        _expect(_badSignature(requester));
        market.openJob(_job(), signature);
        _expect(_badSignature(requester));
        market.openJob(_job(), "");
    }

    function test_RevertWhen_ADeviceSigns() external {
        _delegate(REQUESTER_KEY, stranger, uint40(START + 1 days), 1);
        bytes memory signature = _sign(STRANGER_KEY, JobHash.hash(_job()));
        _expect(_badSignature(requester));
        market.openJob(_job(), signature);
    }

    function test_RevertWhen_AnyFieldIsChanged() external {
        Job memory job = _job();
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(job));
        job.maxPricePerTask += 1;
        _expect(_badSignature(requester));
        market.openJob(job, signature);
    }

    /// @dev The job is hashed and logged as it lies in the call: no bit outside its fields may be set.
    function test_RevertWhen_AnyFieldHasBitsBesideIt() external {
        Job memory job = _job();
        for (uint256 field; field < 11; ++field) {
            if (field == 3 || field == 10) continue; // whole words
            bytes memory data = abi.encodeCall(IMarketCore.openJob, (job, ""));
            assembly ("memory-safe") {
                let word := add(add(data, 0x24), mul(field, 0x20))
                mstore(word, or(mload(word), shl(255, 1)))
            }
            vm.prank(requester);
            (bool isDone, bytes memory reply) = address(market).call(data);
            vm.assertFalse(isDone);
            vm.assertEq(reply.length, 0);
        }
        vm.assertEq(_balance(requester), FUNDS);
    }

    function test_RevertWhen_SignedForAnotherChain() external {
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(_job()));
        vm.chainId(1);
        _expect(_badSignature(requester));
        market.openJob(_job(), signature);
    }

    function test_RevertWhen_SignedForAnotherContract() external {
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(_job()));
        IMarket other = _deployMarket(address(token), address(beacon), address(1), _params());
        _expect(_badSignature(requester));
        other.openJob(_job(), signature);
    }

    function test_RevertWhen_OpenedBefore() external {
        bytes32 jobId = _openDefault();
        bytes memory error_ = abi.encodeWithSelector(IMarketErrors.JobNotNew.selector, jobId);
        _expectRefused(_job(), error_);
        vm.prank(requester);
        market.cancelJob(_job(), "");
        vm.warp(_now() + 61);
        market.closeJob(_job());
        _expectRefused(_job(), error_);
        _expect(error_);
        vm.prank(requester);
        market.openJob(_job(), "");
    }

    function test_RevertWhen_CancelledBeforeItWasOpened() external {
        bytes32 jobId = _idOf(_job());
        bytes memory signature = _sign(REQUESTER_KEY, CancellationHash.hash(Cancellation(jobId)));
        market.cancelJob(_job(), signature);
        _expectRefused(_job(), abi.encodeWithSelector(IMarketErrors.JobNotNew.selector, jobId));
        vm.assertEq(_balance(requester), FUNDS);
    }

    function test_AnotherJobMayHaveTheSameNonce() external {
        bytes32 jobId = _openDefault();
        Job memory job = _job();
        job.taskCount = 1;
        vm.assertTrue(_open(job) != jobId);
    }

    function test_BurningANonceVoidsNoJob() external {
        vm.prank(requester);
        market.burnNonce(1);
        _openDefault();
    }

    function test_RevertWhen_TheNonceIsOfAnotherEpoch() external {
        Job memory job = _job();
        job.nonce = 1 << 248;
        bytes memory error_ = abi.encodeWithSelector(
            IMarketErrors.NonceOfAnotherEpoch.selector, requester, job.nonce, 0
        );
        _expectRefused(job, error_);
        _expect(error_);
        vm.prank(requester);
        market.openJob(job, "");
    }

    function test_RevertWhen_TheDeadlineHasPassed() external {
        Job memory job = _job();
        job.deadline = uint40(_now());
        _expectRefused(
            job, abi.encodeWithSelector(IMarketErrors.DeadlinePassed.selector, _now(), _now())
        );
    }

    function test_RevertWhen_TheTimeWindowIsEmpty() external {
        Job memory job = _job();
        job.notBefore = job.deadline;
        _expectRefused(
            job,
            abi.encodeWithSelector(
                IMarketErrors.EmptyTimeWindow.selector, job.deadline, job.deadline
            )
        );
    }

    function test_RevertWhen_ThereAreZeroOrTooManyTasks() external {
        Job memory job = _job();
        job.taskCount = 0;
        _expectRefused(
            job, abi.encodeWithSelector(IMarketErrors.BadTaskCount.selector, 0, 1_000_000)
        );
        job.taskCount = 1_000_001;
        _expectRefused(
            job, abi.encodeWithSelector(IMarketErrors.BadTaskCount.selector, 1_000_001, 1_000_000)
        );
    }

    function test_TheMostTasks() external {
        Job memory job = _job();
        job.taskCount = 1_000_000;
        job.maxPricePerTask = 0.1 ether;
        vm.assertEq(_stateOf(_open(job)).escrowWei, 100_000 ether);
    }

    function test_RevertWhen_ThePriceIsZero() external {
        Job memory job = _job();
        job.maxPricePerTask = 0;
        _expectRefused(job, abi.encodeWithSelector(IMarketErrors.ZeroPrice.selector));
    }

    function test_RevertWhen_ThereIsNoOperator() external {
        Job memory job = _job();
        job.operator = address(0);
        _expectRefused(job, abi.encodeWithSelector(IMarketErrors.ZeroOperator.selector));
    }

    function test_RevertWhen_TheTokenIsAnother() external {
        Job memory job = _job();
        job.token = stranger;
        _expectRefused(
            job, abi.encodeWithSelector(IMarketErrors.WrongToken.selector, stranger, address(token))
        );
    }

    function test_RevertWhen_FundsAreMissing() external {
        Job memory job = _job();
        job.maxPricePerTask = 50_000 ether;
        _expectRefused(
            job,
            abi.encodeWithSelector(
                IMarketErrors.InsufficientBalance.selector, requester, 1_000_024.1 ether, FUNDS
            )
        );
    }

    /// @dev The whole escrow is compared before it is cut to its 88 bits.
    function test_RevertWhen_TheEscrowIsTooLarge() external {
        Job memory job = _job();
        job.taskCount = 1_000_000;
        job.maxPricePerTask = type(uint96).max;
        uint256 escrowWei = 1_000_000 * uint256(type(uint96).max);
        _expectRefused(
            job,
            abi.encodeWithSelector(
                IMarketErrors.AmountTooLarge.selector, escrowWei, type(uint88).max
            )
        );
        job.taskCount = 1;
        job.maxPricePerTask = uint96(1) << 88;
        _expectRefused(
            job,
            abi.encodeWithSelector(
                IMarketErrors.AmountTooLarge.selector, uint256(1) << 88, type(uint88).max
            )
        );
    }

    function test_RevertWhen_TheAuditBudgetIsTooLarge() external {
        Job memory job = _job();
        job.auditBudget = uint96(1) << 88;
        _expectRefused(
            job,
            abi.encodeWithSelector(
                IMarketErrors.AmountTooLarge.selector, job.auditBudget, type(uint88).max
            )
        );
    }

    function test_LocksTheLargestAmountsWhole() external {
        token.mint(requester, 4 * uint256(type(uint88).max));
        vm.prank(requester);
        market.deposit(4 * uint96(type(uint88).max));
        Job memory job = _job();
        job.taskCount = 1;
        job.maxPricePerTask = type(uint88).max;
        job.auditBudget = type(uint88).max;
        JobState memory state = _stateOf(_open(job));
        vm.assertEq(state.escrowWei, type(uint88).max);
        vm.assertEq(state.auditEscrowWei, type(uint88).max);
        vm.assertEq(_balance(requester), FUNDS + 2 * uint256(type(uint88).max) - 0.1 ether);
    }
}
