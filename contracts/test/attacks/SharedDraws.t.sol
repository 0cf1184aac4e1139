// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarketErrors} from "../../src/interfaces/IMarketErrors.sol";
import {Pricing} from "../../src/libraries/Pricing.sol";
import {Sampling} from "../../src/libraries/Sampling.sol";
import {Batch, Signature} from "../../src/types/Batch.sol";
import {Job} from "../../src/types/Job.sol";
import {LeaseResult} from "../../src/types/LeaseResult.sol";
import {Fixture} from "../Fixture.sol";
import {vm} from "../Vm.sol";

/// @notice Operator and provider are one attacker that computes nothing. A draw follows from seed, lease id
/// and task: with one lease id for many jobs, in batches of one block, one draw would decide about all of
/// them. It would be caught as often, but pay once, for as many wrong results as it likes.
contract SharedDrawsTest is Fixture {
    bytes32 internal constant SHARED = keccak256("one lease id");
    uint256 internal constant BATCHES = 64;

    function setUp() public override {
        super.setUp();
        vm.prank(provider);
        market.stake(2.6 ether);
    }

    function _sharedLease(uint256 nonce) internal returns (LeaseResult memory) {
        Job memory job = _job();
        job.nonce = 100 + nonce;
        job.taskCount = 1;
        return LeaseResult(SHARED, _open(job), provider, 0, 1, 1 ether, keccak256("garbage"));
    }

    function test_OneBatchTakesALeaseIdOnce() external {
        LeaseResult[] memory leases = _two(_sharedLease(0), _sharedLease(1));
        Batch memory batch = _batchOf(leases);
        Signature[] memory signatures = _signLeases(DEVICE_KEY, leases);
        _expect(abi.encodeWithSelector(IMarketErrors.LeasesNotInOrder.selector, SHARED));
        _commitSigned(batch, signatures);
    }

    /// @dev About half of the tasks are audited at this stake: of 64 in one block neither all nor none.
    function test_BatchesOfOneBlockAreDrawnEachForItself() external {
        bytes32[] memory ids = new bytes32[](BATCHES);
        for (uint256 i; i < BATCHES; ++i) {
            (ids[i],) = _commitOne(_sharedLease(i));
        }
        _passSeed(ids[0]);
        uint32 rate = Pricing.auditRatePpm(1 ether, 2.6 ether);
        uint256 audited;
        for (uint256 i; i < BATCHES; ++i) {
            vm.assertEq(market.batch(ids[i]).commitBlock, market.batch(ids[0]).commitBlock);
            bytes32 seed = market.seedOf(ids[i]);
            if (Sampling.auditRounds(seed, SHARED, 0, rate) != 0) ++audited;
        }
        vm.assertTrue(audited > BATCHES / 4 && audited < 3 * BATCHES / 4);
    }
}
