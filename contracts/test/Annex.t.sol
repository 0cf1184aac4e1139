// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAnnex} from "../src/interfaces/IAnnex.sol";
import {IBeacon} from "../src/interfaces/IBeacon.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../src/interfaces/IMarketErrors.sol";
import {ITerms} from "../src/interfaces/ITerms.sol";
import {MarketBase} from "../src/market/MarketBase.sol";
import {Account} from "../src/types/Account.sol";
import {Batch} from "../src/types/Batch.sol";
import {Delegation, DelegationHash} from "../src/types/Delegation.sol";
import {Ruling} from "../src/types/Dispute.sol";
import {Job} from "../src/types/Job.sol";
import {JobState} from "../src/types/JobState.sol";
import {Request} from "../src/types/Request.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Terms} from "../src/Terms.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// @notice Says where `MarketBase` keeps what.
contract LayoutProbe is MarketBase {
    constructor(IERC20 token_, ITerms terms_)
        MarketBase(token_, IBeacon(address(0)), address(0), terms_)
    {}

    function slots() external pure returns (uint256[12] memory found) {
        assembly ("memory-safe") {
            mstore(found, _accounts.slot)
            mstore(add(found, 0x20), _devices.slot)
            mstore(add(found, 0x40), _usedNonces.slot)
            mstore(add(found, 0x60), _usedPermits.slot)
            mstore(add(found, 0x80), _jobs.slot)
            mstore(add(found, 0xa0), _cancelledAt.slot)
            mstore(add(found, 0xc0), _holes.slot)
            mstore(add(found, 0xe0), _voidResults.slot)
            mstore(add(found, 0x100), _batches.slot)
            mstore(add(found, 0x120), _seeds.slot)
            mstore(add(found, 0x140), _intakePausedUntil.slot)
            mstore(add(found, 0x160), _releasedSeat.slot)
        }
    }
}

contract AnnexTest is Fixture {
    IMarket internal annex;

    function setUp() public override {
        super.setUp();
        annex = IMarket(market.annex());
    }

    // ------------------------------------------------------------------------------ storage

    function _slot(bytes32 key, uint256 base) internal pure returns (bytes32) {
        return keccak256(abi.encode(key, base));
    }

    function _slot(address key, uint256 base) internal pure returns (bytes32) {
        return _slot(bytes32(uint256(uint160(key))), base);
    }

    function _store(bytes32 slot, uint256 value) internal {
        vm.store(address(market), slot, bytes32(value));
    }

    function _slots() internal returns (uint256[12] memory) {
        Terms terms = new Terms(_params(), address(0), address(0));
        return new LayoutProbe(IERC20(address(token)), terms).slots();
    }

    /// @dev Market's code reads these.
    function test_MarketReadsWhereTheSharedBaseSays() external {
        uint256[12] memory slots = _slots();
        _store(_slot(stranger, slots[0]), 7 ether | 5 ether << 96 | uint256(3) << 248);
        Account memory account = market.account(stranger);
        vm.assertEq(account.balanceWei, 7 ether);
        vm.assertEq(account.stakeWei, 5 ether);
        vm.assertEq(account.epoch, 3);
        bytes32 id = keccak256("any");
        _store(_slot(id, slots[4]), 9 ether | uint256(300) << 176 | uint256(2) << 248);
        _store(_slot(id, slots[5]), 77);
        (JobState memory state, uint40 cancelledAt) = market.job(id);
        vm.assertEq(state.escrowWei, 9 ether);
        vm.assertEq(state.frontier, 300);
        vm.assertEq(state.flags, 2);
        vm.assertEq(cancelledAt, 77);
        _store(keccak256(abi.encode(uint256(1), _slot(id, slots[6]))), 1 << 3);
        vm.assertTrue(market.isTaskCommitted(id, 258));
        vm.assertFalse(market.isTaskCommitted(id, 259));
        _store(_slot(id, slots[8]), 11 | uint256(12) << 40 | uint256(2) << 80);
        vm.assertEq(market.batch(id).commitBlock, 11);
        vm.assertEq(market.batch(id).committedAt, 12);
        vm.assertEq(market.batch(id).lineCount, 2);
    }

    /// @dev The annex's code reads these, and Market's some of the last word.
    function test_TheAnnexReadsWhereTheSharedBaseSays() external {
        uint256[12] memory slots = _slots();
        _store(_slot(stranger, slots[1]), uint256(uint160(provider)) | uint256(99) << 160);
        (address wallet, uint40 notAfter) = market.deviceOf(stranger);
        vm.assertEq(wallet, provider);
        vm.assertEq(notAfter, 99);
        _store(keccak256(abi.encode(uint256(1), _slot(stranger, slots[2]))), 1 << 3);
        vm.assertTrue(market.isNonceUsed(stranger, 259));
        vm.assertFalse(market.isNonceUsed(stranger, 258));
        bytes32 id = keccak256("any");
        _store(_slot(id, slots[9]), 123);
        vm.assertEq(market.seedOf(id), bytes32(uint256(123)));
        vm.assertEq(slots[10], slots[11]);
        uint256 until = _now() + 50;
        uint256 word = until | (until + 50) << 40 | uint256(8) << 80 | uint256(6 ether) << 104;
        _store(bytes32(slots[10]), word);
        (uint40 pausedUntil, uint40 nextPauseAt) = market.intakePause();
        vm.assertEq(pausedUntil, until);
        vm.assertEq(nextPauseAt, until + 50);
        vm.assertEq(market.seatCount(), 8);
        vm.assertEq(market.burntWei(), 6 ether);
        _expect(abi.encodeWithSelector(IMarketErrors.IntakePaused.selector, until));
        vm.prank(requester);
        market.deposit(1 ether);
    }

    function test_EveryMappingHasAWordOfItsOwn() external {
        uint256[12] memory slots = _slots();
        for (uint256 i; i < 11; ++i) {
            vm.assertEq(slots[i], i);
        }
    }

    /// @dev Written by the one, read by the other: nonces, results and batches by what they do.
    function test_WhatEitherWritesTheOtherReads() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(_openDefault(), 0, 4));
        uint256 disputeId = _dispute(batch, 0, 1); // the annex reads the batch and takes the bond
        vm.assertEq(market.batch(batchId).disputedBits, 1);
        vm.assertEq(_balance(challenger), FUNDS - 15 ether);
        vm.prank(provider);
        market.concede(disputeId);
        vm.assertEq(market.batch(batchId).finishedBits, 1);
        vm.assertEq(_stateOf(batch.jobs[0].jobId).committedTasks, 0);
        vm.assertFalse(market.isTaskCommitted(batch.jobs[0].jobId, 0));
    }

    // ------------------------------------------------------------------------------ deployment

    /// @dev With what Market has, but this annex. Without a cheatcode, which would wrap the error.
    function _deployWith(address annex_) internal returns (bool isDone, bytes memory reply) {
        bytes memory code = abi.encodePacked(
            vm.getCode("Market.sol:Market"),
            abi.encode(token, beacon, arbiter, market.terms(), annex_)
        );
        assembly ("memory-safe") {
            isDone := create(0, add(code, 0x20), mload(code))
            reply := mload(0x40)
            mstore(reply, returndatasize())
            returndatacopy(add(reply, 0x20), 0, returndatasize())
            mstore(0x40, add(add(reply, 0x20), returndatasize()))
        }
    }

    function _expectWrong(address token_, address beacon_, address arbiter_, ITerms terms_)
        internal
    {
        bytes memory arguments = abi.encode(token_, beacon_, arbiter_, terms_);
        address other = vm.deployCode("Annex.sol:Annex", arguments);
        (bool isDone, bytes memory reply) = _deployWith(other);
        vm.assertFalse(isDone);
        bytes memory error_ = abi.encodeWithSelector(IMarketErrors.WrongAnnex.selector, other);
        vm.assertEq(keccak256(reply), keccak256(error_));
    }

    function test_RevertWhen_TheAnnexWasDeployedForAnotherMarket() external {
        ITerms terms = market.terms();
        ITerms alike = new Terms(_params(), guardian, governor); // the same words are not the same terms
        (bool isDone,) = _deployWith(address(annex));
        vm.assertTrue(isDone);
        _expectWrong(address(1), address(beacon), address(arbiter), terms);
        _expectWrong(address(token), address(1), address(arbiter), terms);
        _expectWrong(address(token), address(beacon), address(1), terms);
        _expectWrong(address(token), address(beacon), address(arbiter), alike);
    }

    function test_RevertWhen_TheAnnexIsNone() external {
        (bool isDone,) = _deployWith(address(token));
        vm.assertFalse(isDone);
        (isDone,) = _deployWith(stranger);
        vm.assertFalse(isDone);
    }

    function test_BothAreDeployedWithTheSame() external view {
        vm.assertEq(market.token(), address(token));
        vm.assertEq(market.beacon(), address(beacon));
        vm.assertEq(market.arbiter(), address(arbiter));
        vm.assertEq(address(market.terms()), address(annex.terms()));
    }

    // ------------------------------------------------------------------------------ one address

    /// @dev Market keeps its domain, the annex works it out.
    function test_BothSignForTheSameDomain_OnAForkAsWell() external {
        vm.chainId(5);
        Job memory job = _job();
        _open(job); // Market's code takes the digest that the annex's separator gives
        _delegate(PROVIDER_KEY, vm.addr(0xD1), uint40(START + 1 days), 2);
        (, string memory name,, uint256 chainId, address where,,) =
            IERC5267(address(market)).eip712Domain();
        vm.assertEq(keccak256(bytes(name)), keccak256("Fallow Market"));
        vm.assertEq(chainId, 5);
        vm.assertEq(where, address(market));
    }

    function test_RevertWhen_ThereIsNoSuchFunction() external {
        (bool isDone,) = address(market).call(hex"12345678");
        vm.assertFalse(isDone);
        (isDone,) = address(market).call("");
        vm.assertFalse(isDone);
    }

    function test_RevertWhen_EtherComes() external {
        vm.deal(address(this), 2);
        (bool isDone,) = address(market).call{value: 1}("");
        vm.assertFalse(isDone);
        (isDone,) = address(market).call{value: 1}(abi.encodeCall(IAnnex.cancelAll, ()));
        vm.assertFalse(isDone);
        vm.assertEq(address(market).balance, 0);
    }

    // ------------------------------------------------------------------------------ called directly

    function _expectPenniless(address who, uint256 neededWei) internal {
        _expect(
            abi.encodeWithSelector(IMarketErrors.InsufficientBalance.selector, who, neededWei, 0)
        );
    }

    function test_NobodyHasAnythingInTheAnnex() external {
        _expectPenniless(challenger, 100 ether);
        vm.prank(challenger);
        annex.takeSeats(1);
        vm.assertEq(token.balanceOf(address(annex)), 0);
        vm.assertEq(annex.seatCount(), 0);
        vm.assertEq(annex.disputeCount(), 0);
        _expect(abi.encodeWithSelector(IMarketErrors.UnknownSeat.selector, uint32(0)));
        annex.seat(0);
    }

    /// @dev Even a fee must come from somewhere.
    function test_TheAnnexPaysNoRelayer() external {
        IMarket own = market;
        market = annex;
        (Request memory request, bytes memory signature) =
            _request(REQUESTER_KEY, abi.encodeCall(IAnnex.cancelAll, ()), 1 ether, 1);
        market = own;
        _expectPenniless(requester, 1 ether);
        annex.relay(request, 1 ether, signature);
        annex.relay(request, 0, signature);
        vm.assertEq(market.account(requester).epoch, 0);
        vm.assertEq(_balance(requester), FUNDS);
    }

    function test_RevertWhen_SignedForMarket() external {
        Delegation memory delegation =
            Delegation(provider, vm.addr(0xD1), uint40(START + 1 days), 7);
        bytes memory signature = _sign(PROVIDER_KEY, DelegationHash.hash(delegation));
        _expect(_badSignature(provider));
        annex.delegate(delegation, signature);
    }

    function test_TheAnnexKnowsNoBatchAndNoDispute() external {
        (bytes32 batchId, Batch memory batch) = _commitOne(_lease(_openDefault(), 0, 4));
        bytes memory unknown = abi.encodeWithSelector(IMarketErrors.UnknownBatch.selector, batchId);
        _expect(unknown);
        vm.prank(challenger);
        annex.openDispute(batch, 0, 1);
        _expect(unknown);
        annex.fixSeed(batchId);
        uint256 disputeId = _dispute(batch, 0, 1);
        bytes memory none = abi.encodeWithSelector(IMarketErrors.UnknownDispute.selector, disputeId);
        _expect(none);
        vm.prank(provider);
        annex.concede(disputeId);
        Ruling memory ruling;
        _expect(none);
        vm.prank(address(arbiter));
        annex.rule(disputeId, ruling);
        vm.assertEq(uint8(market.dispute(disputeId).status), 1);
    }

    function test_WhatIsDoneInTheAnnexIsNotDoneInMarket() external {
        vm.prank(guardian);
        annex.pauseIntake(1 days);
        vm.prank(requester);
        market.deposit(1 ether);
        vm.prank(requester);
        annex.cancelAll();
        vm.assertEq(market.account(requester).epoch, 0);
        _expect(abi.encodeWithSelector(IMarketErrors.NotYourDevice.selector, device));
        vm.prank(provider);
        annex.revokeDevice(device);
        uint32[] memory ids = new uint32[](1);
        vm.prank(address(arbiter));
        annex.holdSeats(1, ids);
        (,, uint32 duties) = market.seatStake(0);
        vm.assertEq(duties, 0);
    }
}
