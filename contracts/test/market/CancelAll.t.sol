// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketCore} from "../../src/interfaces/IMarketCore.sol";
import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {IMarketEvents} from "../../src/interfaces/IMarketEvents.sol";
import {Batch} from "../../src/types/Batch.sol";
import {Cancellation, CancellationHash} from "../../src/types/Cancellation.sol";
import {Delegation, DelegationHash} from "../../src/types/Delegation.sol";
import {Job, JobHash} from "../../src/types/Job.sol";
import {JobWords} from "../../src/types/JobState.sol";
import {Request} from "../../src/types/Request.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract CancelAllTest is Fixture {
    uint256 internal constant NEXT = 1 << 248;

    function _cancelAll(address who) internal {
        vm.prank(who);
        market.cancelAll();
    }

    function _outdated(address signer, uint256 nonce, uint256 epoch)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IMarketErrors.NonceOfAnotherEpoch.selector, signer, nonce, epoch
        );
    }

    function _delegation(uint256 nonce)
        internal
        view
        returns (Delegation memory delegation, bytes memory signature)
    {
        delegation = Delegation(provider, vm.addr(0xD1), uint40(START + 1 days), nonce);
        signature = _sign(PROVIDER_KEY, DelegationHash.hash(delegation));
    }

    function test_BeginsTheCallersNextEpoch() external {
        vm.expectEmit(address(market));
        emit IMarketEvents.EpochBegun(requester, 1);
        _cancelAll(requester);
        vm.assertEq(market.account(requester).epoch, 1);
        vm.assertEq(market.account(provider).epoch, 0);
        vm.assertEq(_balance(requester), FUNDS);
    }

    // ------------------------------------------------------------------------------ void

    function test_AnUnopenedJobIsVoid() external {
        Job memory job = _job();
        bytes memory signature = _sign(REQUESTER_KEY, JobHash.hash(job));
        _cancelAll(requester);
        _expect(_outdated(requester, 1, 1));
        market.openJob(job, signature);
        _expect(_outdated(requester, 1, 1));
        vm.prank(requester);
        market.openJob(job, "");
        vm.assertEq(_balance(requester), FUNDS);
    }

    function test_AnUnsentDelegationIsVoid() external {
        (Delegation memory delegation, bytes memory signature) = _delegation(7);
        _cancelAll(provider);
        _expect(_outdated(provider, 7, 1));
        market.delegate(delegation, signature);
    }

    function test_AnUnsentRequestIsVoid() external {
        bytes memory data = abi.encodeCall(IMarketCore.withdraw, (1 ether, stranger));
        (Request memory request, bytes memory signature) = _request(REQUESTER_KEY, data, 1 ether, 7);
        _cancelAll(requester);
        _expect(_outdated(requester, 7, 1));
        market.relay(request, 1 ether, signature);
    }

    function test_UnusedNoncesCountAsUsed() external {
        vm.assertFalse(market.isNonceUsed(requester, 7));
        _cancelAll(requester);
        vm.assertTrue(market.isNonceUsed(requester, 7));
        vm.assertFalse(market.isNonceUsed(requester, NEXT | 7));
        vm.assertFalse(market.isNonceUsed(provider, 7));
    }

    /// @dev Of both parties of a delegation, its signer's epoch counts.
    function test_OnlyTheSignersOwnEpochVoids() external {
        (Delegation memory delegation, bytes memory signature) = _delegation(7);
        _cancelAll(stranger);
        _cancelAll(delegation.device);
        market.delegate(delegation, signature);
    }

    // ------------------------------------------------------------------------------ counts

    function test_WhatIsSignedForTheNewEpochCounts() external {
        Job memory job = _job();
        job.nonce = NEXT | 1;
        (Delegation memory delegation, bytes memory signature) = _delegation(NEXT | 1);
        bytes memory data = abi.encodeCall(IMarketCore.stake, (1 ether));
        (Request memory request, bytes memory requestSignature) =
            _request(PROVIDER_KEY, data, 1 ether, NEXT | 2);
        _expect(_outdated(provider, NEXT | 1, 0));
        market.delegate(delegation, signature);
        _cancelAll(requester);
        _cancelAll(provider);
        vm.assertEq(_stateOf(_open(job)).flags, JobWords.OPENED);
        market.delegate(delegation, signature);
        market.relay(request, 0, requestSignature);
        vm.assertEq(_stakeOf(provider), 1 ether);
    }

    function test_OpenJobsStay() external {
        bytes32 jobId = _openDefault();
        _cancelAll(requester);
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(jobId, 0, 4));
        _passWindow(batchId);
        market.settleBatch(batch);
        bytes memory signature = _sign(REQUESTER_KEY, CancellationHash.hash(Cancellation(jobId)));
        market.cancelJob(_job(), signature);
        vm.warp(_now() + 61);
        market.closeJob(_job());
        vm.assertEq(_balance(requester), FUNDS - 4.1 ether);
    }

    function test_DevicesAndTheirResultsStay() external {
        bytes32 jobId = _openDefault();
        _cancelAll(provider);
        (address wallet,) = market.deviceOf(device);
        vm.assertEq(wallet, provider);
        _commitOne(_lease(jobId, 0, 4));
        vm.assertEq(_stateOf(jobId).committedTasks, 4);
    }

    function test_AUsedNonceServesAgainInTheNextEpoch() external {
        _delegate(PROVIDER_KEY, vm.addr(0xD1), uint40(START + 1 days), 7);
        _cancelAll(provider);
        _delegate(PROVIDER_KEY, vm.addr(0xD1), uint40(START + 2 days), NEXT | 7);
        vm.assertTrue(market.isNonceUsed(provider, NEXT | 7));
    }

    // ------------------------------------------------------------------------------ the last

    function test_RevertWhen_TheEpochsAreUsedUp() external {
        for (uint256 i; i < 255; ++i) {
            _cancelAll(provider);
        }
        vm.assertEq(market.account(provider).epoch, 255);
        vm.assertEq(_balance(provider), FUNDS);
        _expect(abi.encodeWithSelector(IMarketErrors.EpochsUsedUp.selector, provider));
        _cancelAll(provider);
        (Delegation memory delegation, bytes memory signature) = _delegation(255 << 248);
        market.delegate(delegation, signature);
        _expect(
            abi.encodeWithSelector(IMarketErrors.NonceUsed.selector, provider, delegation.nonce)
        );
        market.delegate(delegation, signature);
        (delegation, signature) = _delegation(254 << 248);
        _expect(_outdated(provider, 254 << 248, 255));
        market.delegate(delegation, signature);
    }
}
