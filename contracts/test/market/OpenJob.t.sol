// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Job, JobHash} from "../../src/types/Job.sol";
import {Fixture} from "../Fixture.sol";
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
        bytes32 expected = _digest(JobHash.hash(job));
        vm.expectEmit(address(market));
        emit IMarketEvents.JobOpened(expected, requester, operator, job);
        vm.prank(stranger);
        bytes32 jobId = market.openJob(job, signature);
        vm.assertEq(jobId, expected);
        IMarket.JobState memory state = market.job(jobId);
        vm.assertEq(state.escrowWei, 20 ether);
        vm.assertEq(state.auditEscrowWei, 24 ether);
        vm.assertEq(state.taskCount, 20);
        vm.assertEq(state.operator, operator);
        vm.assertEq(_balance(requester), FUNDS - 44.1 ether);
        vm.assertEq(_balance(stranger), 0.1 ether);
    }

    function test_RevertWhen_Forged() external {
        bytes memory signature = _sign(OPERATOR_KEY, JobHash.hash(_job()));
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

    function test_RevertWhen_Replayed() external {
        _openDefault();
        _expectRefused(
            _job(), abi.encodeWithSelector(IMarketErrors.NonceUsed.selector, requester, 1)
        );
    }

    function test_RevertWhen_TheNonceServedAnotherJob() external {
        _openDefault();
        Job memory job = _job();
        job.taskCount = 1;
        _expectRefused(job, abi.encodeWithSelector(IMarketErrors.NonceUsed.selector, requester, 1));
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
        job.taskCount = type(uint32).max;
        _expectRefused(
            job,
            abi.encodeWithSelector(IMarketErrors.BadTaskCount.selector, type(uint32).max, 1_000_000)
        );
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

    function test_RevertWhen_ThePriceWouldOverflow() external {
        Job memory job = _job();
        job.taskCount = 1_000_000;
        job.maxPricePerTask = type(uint96).max;
        uint256 needed = 1_000_000 * uint256(type(uint96).max) + 24.1 ether;
        _expectRefused(
            job,
            abi.encodeWithSelector(
                IMarketErrors.InsufficientBalance.selector, requester, needed, FUNDS
            )
        );
    }
}
