// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CreditToken} from "../src/CreditToken.sol";
import {Terms} from "../src/Terms.sol";
import {CommitteeArbiter} from "../src/arbiters/CommitteeArbiter.sol";
import {BlockhashBeacon} from "../src/beacons/BlockhashBeacon.sol";
import {IMarket} from "../src/interfaces/IMarket.sol";
import {IMarketErrors} from "../src/interfaces/IMarketErrors.sol";
import {Sampling} from "../src/libraries/Sampling.sol";
import {AuditClaim, AuditResult, AuditResultHash} from "../src/types/AuditResult.sol";
import {Delegation, DelegationHash} from "../src/types/Delegation.sol";
import {Job, JobHash} from "../src/types/Job.sol";
import {
    CommittedLease,
    CommittedLeaseHash,
    LeaseResult,
    LeaseResultHash
} from "../src/types/LeaseResult.sol";
import {Params} from "../src/types/Params.sol";
import {TaskResult} from "../src/types/TaskResult.sol";
import {Trees} from "./Trees.sol";
import {vm} from "./Vm.sol";

/// @notice A market with funded parties, and the steps that tests take again and again.
/// Time is read through cheatcodes: the compiler takes `block.timestamp` for constant in a function.
abstract contract Fixture {
    uint256 internal constant REQUESTER_KEY = 0xA1;
    uint256 internal constant OPERATOR_KEY = 0xA2;
    uint256 internal constant PROVIDER_KEY = 0xA3;
    uint256 internal constant DEVICE_KEY = 0xA4;
    uint256 internal constant CHALLENGER_KEY = 0xA5;
    uint256 internal constant STRANGER_KEY = 0xA6;
    uint256 internal constant VERIFIER_KEY = 0xB0;
    uint256 internal constant VERIFIERS = 5;
    uint256 internal constant FUNDS = 1_000_000 ether;
    uint256 internal constant START = 1_800_000_000;

    address internal requester = vm.addr(REQUESTER_KEY);
    address internal operator = vm.addr(OPERATOR_KEY);
    address internal provider = vm.addr(PROVIDER_KEY);
    address internal device = vm.addr(DEVICE_KEY);
    address internal challenger = vm.addr(CHALLENGER_KEY);
    address internal stranger = vm.addr(STRANGER_KEY);

    CreditToken internal token;
    BlockhashBeacon internal beacon;
    IMarket internal market;
    CommitteeArbiter internal arbiter;

    function setUp() public virtual {
        vm.warp(START);
        vm.roll(1000);
        _deploy();
        _fund(requester);
        _fund(provider);
        _fund(challenger);
        for (uint256 i; i < VERIFIERS; ++i) {
            _fund(_verifier(i));
            vm.prank(_verifier(i));
            market.takeSeats(1);
        }
        _delegate(PROVIDER_KEY, device, uint40(START + 1 days), 1);
        _forward(1);
    }

    // ------------------------------------------------------------------------------ setting

    function _params() internal pure virtual returns (Params memory) {
        return Params({
            seatStakeWei: 100 ether,
            disputeBondWei: 10 ether,
            minimumStakeWei: 40 ether,
            seedDelayBlocks: 2,
            disputeWindowSeconds: 100,
            concedeSeconds: 10,
            commitSeconds: 20,
            revealSeconds: 20,
            openSeconds: 20,
            commitGraceSeconds: 60,
            unstakeDelaySeconds: 1000,
            slashMultiple: 60,
            committeeSize: 3
        });
    }

    function _deploy() internal {
        token = new CreditToken(address(this), 0);
        beacon = new BlockhashBeacon();
        address expected = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 2);
        market = _deployMarket(address(token), address(beacon), expected, _params());
        arbiter = new CommitteeArbiter(market);
        vm.assertEq(address(arbiter), expected);
    }

    /// @dev Market is built by another compiler profile than the tests: only its code comes in.
    function _deployMarket(address token_, address beacon_, address arbiter_, Params memory params_)
        internal
        returns (IMarket)
    {
        bytes memory arguments = abi.encode(token_, beacon_, arbiter_, new Terms(params_));
        return IMarket(vm.deployCode("Market.sol:Market", arguments));
    }

    function _fund(address who) internal {
        token.mint(who, 2 * FUNDS);
        vm.startPrank(who);
        token.approve(address(market), type(uint256).max);
        market.deposit(uint128(FUNDS));
        vm.stopPrank();
    }

    function _verifier(uint256 i) internal pure returns (address) {
        return vm.addr(VERIFIER_KEY + i);
    }

    function _verifierKey(address who) internal pure returns (uint256 key) {
        for (key = VERIFIER_KEY; key < VERIFIER_KEY + VERIFIERS; ++key) {
            if (vm.addr(key) == who) return key;
        }
        revert("not a verifier");
    }

    function _now() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    /// @dev A block takes 2 seconds.
    function _forward(uint256 blocks) internal {
        vm.roll(vm.getBlockNumber() + blocks);
        vm.warp(_now() + 2 * blocks);
    }

    function _wait(uint256 secs) internal {
        vm.roll(vm.getBlockNumber() + 1);
        vm.warp(_now() + secs);
    }

    function _balance(address who) internal view returns (uint256) {
        return market.account(who).balanceWei;
    }

    function _stakeOf(address who) internal view returns (uint256) {
        return market.account(who).stakeWei;
    }

    // ------------------------------------------------------------------------------ signing

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", market.domainSeparator(), structHash));
    }

    function _sign(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return _signDigest(key, _digest(structHash));
    }

    function _signDigest(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _delegate(uint256 walletKey, address device_, uint40 notAfter, uint256 nonce)
        internal
    {
        Delegation memory delegation = Delegation(vm.addr(walletKey), device_, notAfter, nonce);
        market.delegate(delegation, _sign(walletKey, DelegationHash.hash(delegation)));
    }

    // ------------------------------------------------------------------------------ jobs

    function _job() internal view returns (Job memory) {
        return Job({
            requester: requester,
            operator: operator,
            token: address(token),
            specHash: keccak256("spec"),
            taskCount: 20,
            maxPricePerTask: 1 ether,
            auditBudget: 24 ether,
            relayerFee: 0.1 ether,
            notBefore: 0,
            deadline: uint40(START + 1 hours),
            nonce: 1
        });
    }

    function _open(Job memory job) internal returns (bytes32) {
        return market.openJob(job, _sign(REQUESTER_KEY, JobHash.hash(job)));
    }

    function _openDefault() internal returns (bytes32) {
        return _open(_job());
    }

    // ------------------------------------------------------------------------------ leases

    /// @dev The honest digest of a task.
    function _honest(uint256 task) internal pure returns (bytes32) {
        return keccak256(abi.encode("output", task));
    }

    function _salt(uint256 task) internal pure returns (bytes32) {
        return keccak256(abi.encode("salt", task));
    }

    /// @dev The leaves under a lease's resultRoot; `wrong` is the one task whose digest is false.
    function _resultLeaves(bytes32 leaseId, uint32 first, uint32 count, uint256 wrong)
        internal
        pure
        returns (bytes32[] memory leaves)
    {
        leaves = new bytes32[](count);
        for (uint32 i; i < count; ++i) {
            uint32 task = first + i;
            bytes32 digest = task == wrong ? keccak256("wrong") : _honest(task);
            leaves[i] = TaskResult.leaf(leaseId, task, digest, _salt(task));
        }
    }

    uint256 internal constant NO_TASK = type(uint256).max;

    function _lease(bytes32 jobId, uint32 first, uint32 count)
        internal
        view
        returns (LeaseResult memory)
    {
        return _leaseWithFault(jobId, first, count, NO_TASK);
    }

    function _leaseWithFault(bytes32 jobId, uint32 first, uint32 count, uint256 wrong)
        internal
        view
        returns (LeaseResult memory)
    {
        bytes32 leaseId = keccak256(abi.encode(jobId, first, count, _now()));
        return LeaseResult({
            leaseId: leaseId,
            jobId: jobId,
            provider: provider,
            firstTask: first,
            count: count,
            amount: uint96(count) * 1 ether,
            resultRoot: _treeRoot(leaseId, first, count, wrong)
        });
    }

    function _treeRoot(bytes32 leaseId, uint32 first, uint32 count, uint256 wrong)
        internal
        pure
        returns (bytes32)
    {
        return Trees.root(_resultLeaves(leaseId, first, count, wrong));
    }

    function _one(LeaseResult memory lease) internal pure returns (LeaseResult[] memory leases) {
        leases = new LeaseResult[](1);
        leases[0] = lease;
    }

    function _two(LeaseResult memory first, LeaseResult memory second)
        internal
        pure
        returns (LeaseResult[] memory leases)
    {
        leases = new LeaseResult[](2);
        leases[0] = first;
        leases[1] = second;
    }

    function _signLeases(uint256 key, LeaseResult[] memory leases)
        internal
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](leases.length);
        for (uint256 i; i < leases.length; ++i) {
            signatures[i] = _sign(key, LeaseResultHash.hash(leases[i]));
        }
    }

    /// @dev Commits as the operator. The rates are computed here, and checked against the root.
    function _commit(LeaseResult[] memory leases)
        internal
        returns (uint256 batchId, CommittedLease[] memory committed)
    {
        committed = _expected(leases);
        bytes[] memory signatures = _signLeases(DEVICE_KEY, leases);
        vm.prank(operator);
        batchId = market.commitBatch(leases, signatures);
        vm.assertEq(market.batch(batchId).root, Trees.root(_leaves(committed)));
    }

    function _commitOne(LeaseResult memory lease)
        internal
        returns (uint256 batchId, CommittedLease[] memory committed)
    {
        return _commit(_one(lease));
    }

    function _expected(LeaseResult[] memory leases)
        internal
        view
        returns (CommittedLease[] memory committed)
    {
        committed = new CommittedLease[](leases.length);
        for (uint256 i; i < leases.length; ++i) {
            uint256 price = leases[i].amount / leases[i].count;
            uint256 atRisk = _stakeOf(provider) + price;
            uint256 rate = (1_800_000 * price + atRisk - 1) / atRisk;
            rate = rate > 1_000_000 ? 1_000_000 : rate < 30_000 ? 30_000 : rate;
            committed[i] = CommittedLease(leases[i], uint32(rate));
        }
    }

    function _leaves(CommittedLease[] memory leases)
        internal
        pure
        returns (bytes32[] memory leaves)
    {
        leaves = new bytes32[](leases.length);
        for (uint256 i; i < leases.length; ++i) {
            leaves[i] = CommittedLeaseHash.leaf(leases[i]);
        }
    }

    function _fixSeed(uint256 batchId) internal {
        uint256 seedBlock = market.batch(batchId).seedBlock;
        if (vm.getBlockNumber() <= seedBlock) _forward(seedBlock + 1 - vm.getBlockNumber());
        market.fixSeed(batchId);
    }

    function _passWindow(uint256 batchId) internal {
        vm.warp(uint256(market.batch(batchId).windowEndsAt) + 1);
    }

    // ------------------------------------------------------------------------------ audits

    /// @dev The draw that decides who audits a task.
    function _draw(uint256 batchId, bytes32 leaseId, uint32 task)
        internal
        view
        returns (address holder, uint32 attempt)
    {
        IMarket.Batch memory state = market.batch(batchId);
        for (; attempt < Sampling.MAX_DRAWS; ++attempt) {
            uint32 seatId = Sampling.seatFor(state.seed, leaseId, task, attempt, state.seatCount);
            IMarket.Seat memory seat = market.seat(seatId);
            bool isHeld = Sampling.isHeldAt(seat.takenBlock, seat.vacatedBlock, state.commitBlock);
            bool isParty =
                seat.holder == provider || seat.holder == requester || seat.holder == operator;
            if (isHeld && !isParty) return (seat.holder, attempt);
        }
        revert("nobody drawn");
    }

    function _claim(uint256 batchId, CommittedLease[] memory leases, uint16 index, uint32 task)
        internal
        view
        returns (AuditClaim memory claim)
    {
        bytes32 leaseId = leases[index].result.leaseId;
        (address verifier, uint32 attempt) = _draw(batchId, leaseId, task);
        AuditResult memory result =
            AuditResult(batchId, leaseId, task, _honest(task), keccak256("audit"));
        claim = AuditClaim({
            lease: leases[index],
            index: index,
            proof: Trees.proof(_leaves(leases), index),
            task: task,
            verifier: verifier,
            attempt: attempt,
            taskDigest: result.taskDigest,
            salt: result.salt,
            signature: _sign(_verifierKey(verifier), AuditResultHash.hash(result))
        });
    }

    function _pay(uint256 batchId, AuditClaim memory claim) internal {
        AuditClaim[] memory claims = new AuditClaim[](1);
        claims[0] = claim;
        market.payAudits(batchId, claims);
    }

    // ------------------------------------------------------------------------------ disputes

    function _dispute(uint256 batchId, CommittedLease[] memory leases, uint16 index, uint32 task)
        internal
        returns (uint256)
    {
        bytes32[] memory proof = Trees.proof(_leaves(leases), index);
        vm.prank(challenger);
        return market.openDispute(batchId, leases[index], index, proof, task);
    }

    function _drawCommittee(uint256 disputeId) internal returns (address[] memory) {
        _wait(_params().concedeSeconds + 1);
        _forward(2);
        arbiter.drawCommittee(disputeId);
        return arbiter.committee(disputeId).members;
    }

    function _vote(uint256 disputeId, address member, bytes32 digest) internal {
        bytes32 commitment = TaskResult.commitment(member, digest, keccak256("vote"));
        vm.prank(member);
        arbiter.commitVote(disputeId, commitment);
    }

    function _reveal(uint256 disputeId, address member, bytes32 digest) internal {
        vm.prank(member);
        arbiter.revealVote(disputeId, digest, keccak256("vote"));
    }

    /// @dev Every member votes, and reveals, the same digest.
    function _voteAll(uint256 disputeId, address[] memory members, bytes32 digest) internal {
        for (uint256 i; i < members.length; ++i) {
            _vote(disputeId, members[i], digest);
        }
        for (uint256 i; i < members.length; ++i) {
            _reveal(disputeId, members[i], digest);
        }
    }

    function _openClaim(uint256 disputeId, LeaseResult memory lease, uint32 task, uint256 wrong)
        internal
    {
        bytes32[] memory leaves = _resultLeaves(lease.leaseId, lease.firstTask, lease.count, wrong);
        bytes32 digest = task == wrong ? keccak256("wrong") : _honest(task);
        bytes32[] memory proof = Trees.proof(leaves, task - lease.firstTask);
        arbiter.openClaim(disputeId, digest, _salt(task), proof);
    }

    // ------------------------------------------------------------------------------ errors

    function _expect(bytes memory error_) internal {
        vm.expectRevert(error_);
    }

    function _badSignature(address signer) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IMarketErrors.BadSignature.selector, signer);
    }
}
