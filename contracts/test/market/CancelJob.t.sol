// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Cancellation, CancellationHash} from "../../src/types/Cancellation.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

contract CancelJobTest is Fixture {
    bytes32 internal jobId;

    function setUp() public override {
        super.setUp();
        jobId = _openDefault();
    }

    function _signature(uint256 key) internal view returns (bytes memory) {
        return _sign(key, CancellationHash.hash(Cancellation(jobId)));
    }

    function test_TheRequesterNeedsNoSignature() external {
        vm.prank(requester);
        market.cancelJob(jobId, "");
        vm.assertEq(market.job(jobId).cancelledAt, _now());
    }

    function test_AnyoneWithItsSignature() external {
        bytes memory signature = _signature(REQUESTER_KEY);
        vm.prank(stranger);
        market.cancelJob(jobId, signature);
        vm.assertEq(market.job(jobId).cancelledAt, _now());
    }

    function test_RevertWhen_Forged() external {
        bytes memory signature = _signature(OPERATOR_KEY);
        _expect(_badSignature(requester));
        vm.prank(operator);
        market.cancelJob(jobId, signature);
    }

    function test_RevertWhen_Replayed() external {
        bytes memory signature = _signature(REQUESTER_KEY);
        market.cancelJob(jobId, signature);
        _expect(abi.encodeWithSelector(IMarketErrors.JobAlreadyCancelled.selector, jobId));
        market.cancelJob(jobId, signature);
    }

    function test_RevertWhen_Unknown() external {
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownJob.selector, bytes32(0)));
        market.cancelJob(0, "");
    }

    function test_RevertWhen_Closed() external {
        vm.prank(requester);
        market.cancelJob(jobId, "");
        vm.warp(_now() + 61);
        market.closeJob(jobId);
        _expect(abi.encodeWithSelector(IMarketErrors.JobAlreadyClosed.selector, jobId));
        market.cancelJob(jobId, "");
    }
}
