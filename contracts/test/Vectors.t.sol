// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IMarket} from "../src/interfaces/IMarket.sol";
import {Merkle} from "../src/libraries/Merkle.sol";
import {Pricing} from "../src/libraries/Pricing.sol";
import {Sampling} from "../src/libraries/Sampling.sol";
import {AuditResult, AuditResultHash} from "../src/types/AuditResult.sol";
import {Cancellation, CancellationHash} from "../src/types/Cancellation.sol";
import {Delegation, DelegationHash} from "../src/types/Delegation.sol";
import {Job, JobHash} from "../src/types/Job.sol";
import {
    CommittedLease,
    CommittedLeaseHash,
    LeaseResult,
    LeaseResultHash
} from "../src/types/LeaseResult.sol";
import {TaskResult} from "../src/types/TaskResult.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Fixture} from "./Fixture.sol";
import {Trees} from "./Trees.sol";
import {vm} from "./Vm.sol";

/// @notice Holds every hash, signature, draw and price against those of Python
/// (tests/protocol/make_vectors.py writes vectors.json).
contract VectorsTest is Fixture {
    string internal json;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("test/vectors.json");
    }

    function _key(string memory list, uint256 i, string memory field)
        internal
        pure
        returns (string memory)
    {
        return string.concat(".", list, "[", vm.toString(i), "]", field);
    }

    function _count(string memory list) internal view returns (uint256 count) {
        while (vm.keyExistsJson(json, _key(list, count, ""))) ++count;
        vm.assertTrue(count > 0, list);
    }

    function _uint(string memory key) internal view returns (uint256) {
        return vm.parseJsonUint(json, key);
    }

    function _word(string memory key) internal view returns (bytes32) {
        return vm.parseJsonBytes32(json, key);
    }

    function _address(string memory key) internal view returns (address) {
        return vm.parseJsonAddress(json, key);
    }

    function _words(string memory key) internal view returns (bytes32[] memory) {
        return vm.parseJsonBytes32Array(json, key);
    }

    /// @dev The struct hash, the digest under the vectors' domain, and who signed it.
    function _checkSigned(string memory list, uint256 i, bytes32 structHash) internal view {
        vm.assertEq(structHash, _word(_key(list, i, ".structHash")), list);
        bytes32 separator = _word(".domain.separator");
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", separator, structHash));
        vm.assertEq(digest, _word(_key(list, i, ".digest")), list);
        bytes memory signature = vm.parseJsonBytes(json, _key(list, i, ".signature"));
        vm.assertEq(ECDSA.recover(digest, signature), _address(_key(list, i, ".signer")));
    }

    function _leaseAt(string memory key) internal view returns (LeaseResult memory) {
        return LeaseResult({
            leaseId: _word(string.concat(key, ".leaseId")),
            jobId: _word(string.concat(key, ".jobId")),
            provider: _address(string.concat(key, ".provider")),
            firstTask: uint32(_uint(string.concat(key, ".firstTask"))),
            count: uint32(_uint(string.concat(key, ".count"))),
            amount: uint96(_uint(string.concat(key, ".amount"))),
            resultRoot: _word(string.concat(key, ".resultRoot"))
        });
    }

    function test_Domain() external {
        address there = _address(".domain.market");
        vm.etch(there, address(market).code);
        vm.chainId(_uint(".domain.chainId"));
        vm.assertEq(IMarket(there).domainSeparator(), _word(".domain.separator"));
    }

    function test_Jobs() external view {
        for (uint256 i; i < _count("jobs"); ++i) {
            string memory base = _key("jobs", i, ".message");
            Job memory job = Job({
                requester: _address(string.concat(base, ".requester")),
                operator: _address(string.concat(base, ".operator")),
                token: _address(string.concat(base, ".token")),
                specHash: _word(string.concat(base, ".specHash")),
                taskCount: uint32(_uint(string.concat(base, ".taskCount"))),
                maxPricePerTask: uint96(_uint(string.concat(base, ".maxPricePerTask"))),
                auditBudget: uint96(_uint(string.concat(base, ".auditBudget"))),
                relayerFee: uint96(_uint(string.concat(base, ".relayerFee"))),
                notBefore: uint40(_uint(string.concat(base, ".notBefore"))),
                deadline: uint40(_uint(string.concat(base, ".deadline"))),
                nonce: _uint(string.concat(base, ".nonce"))
            });
            _checkSigned("jobs", i, JobHash.hash(job));
        }
    }

    function test_LeaseResults() external view {
        for (uint256 i; i < _count("leaseResults"); ++i) {
            LeaseResult memory lease = _leaseAt(_key("leaseResults", i, ".message"));
            _checkSigned("leaseResults", i, LeaseResultHash.hash(lease));
        }
    }

    function test_Delegations() external view {
        for (uint256 i; i < _count("delegations"); ++i) {
            string memory base = _key("delegations", i, ".message");
            Delegation memory delegation = Delegation({
                wallet: _address(string.concat(base, ".wallet")),
                device: _address(string.concat(base, ".device")),
                notAfter: uint40(_uint(string.concat(base, ".notAfter"))),
                nonce: _uint(string.concat(base, ".nonce"))
            });
            _checkSigned("delegations", i, DelegationHash.hash(delegation));
        }
    }

    function test_AuditResults() external view {
        for (uint256 i; i < _count("auditResults"); ++i) {
            string memory base = _key("auditResults", i, ".message");
            AuditResult memory result = AuditResult({
                batchId: _uint(string.concat(base, ".batchId")),
                leaseId: _word(string.concat(base, ".leaseId")),
                task: uint32(_uint(string.concat(base, ".task"))),
                taskDigest: _word(string.concat(base, ".taskDigest")),
                salt: _word(string.concat(base, ".salt"))
            });
            _checkSigned("auditResults", i, AuditResultHash.hash(result));
        }
    }

    function test_Cancellations() external view {
        for (uint256 i; i < _count("cancellations"); ++i) {
            bytes32 jobId = _word(_key("cancellations", i, ".message.jobId"));
            _checkSigned("cancellations", i, CancellationHash.hash(Cancellation(jobId)));
        }
    }

    function test_Merkle() external view {
        for (uint256 i; i < _count("merkle"); ++i) {
            bytes32[] memory leaves = _words(_key("merkle", i, ".leaves"));
            bytes32 root = _word(_key("merkle", i, ".root"));
            vm.assertEq(Trees.root(leaves), root);
            for (uint256 k; k < leaves.length; ++k) {
                string memory base = string.concat(".proofs[", vm.toString(k), "]");
                bytes32[] memory proof = _words(_key("merkle", i, base));
                vm.assertTrue(Merkle.verify(leaves[k], k, leaves.length, proof, root));
            }
        }
    }

    function test_ResultLeaves() external view {
        for (uint256 i; i < _count("resultLeaves"); ++i) {
            bytes32 leaf = TaskResult.leaf(
                _word(_key("resultLeaves", i, ".leaseId")),
                uint32(_uint(_key("resultLeaves", i, ".task"))),
                _word(_key("resultLeaves", i, ".digest")),
                _word(_key("resultLeaves", i, ".salt"))
            );
            vm.assertEq(leaf, _word(_key("resultLeaves", i, ".leaf")));
        }
    }

    function test_ResultRoots() external view {
        for (uint256 i; i < _count("resultRoots"); ++i) {
            bytes32 leaseId = _word(_key("resultRoots", i, ".leaseId"));
            bytes32[] memory digests = _words(_key("resultRoots", i, ".digests"));
            bytes32[] memory salts = _words(_key("resultRoots", i, ".salts"));
            uint256 first = _uint(_key("resultRoots", i, ".firstTask"));
            bytes32 root = _word(_key("resultRoots", i, ".root"));
            for (uint256 k; k < digests.length; ++k) {
                bytes32 leaf = TaskResult.leaf(leaseId, uint32(first + k), digests[k], salts[k]);
                string memory base = string.concat(".proofs[", vm.toString(k), "]");
                bytes32[] memory proof = _words(_key("resultRoots", i, base));
                vm.assertTrue(Merkle.verify(leaf, k, digests.length, proof, root));
            }
        }
    }

    function test_CommittedLeases() external view {
        for (uint256 i; i < _count("committedLeases"); ++i) {
            CommittedLease memory lease = CommittedLease(
                _leaseAt(_key("committedLeases", i, ".result")),
                uint32(_uint(_key("committedLeases", i, ".auditRatePpm")))
            );
            vm.assertEq(CommittedLeaseHash.leaf(lease), _word(_key("committedLeases", i, ".leaf")));
        }
    }

    function test_Commitments() external view {
        for (uint256 i; i < _count("commitments"); ++i) {
            bytes32 commitment = TaskResult.commitment(
                _address(_key("commitments", i, ".verifier")),
                _word(_key("commitments", i, ".digest")),
                _word(_key("commitments", i, ".salt"))
            );
            vm.assertEq(commitment, _word(_key("commitments", i, ".commitment")));
        }
    }

    function test_Draws() external view {
        for (uint256 i; i < _count("draws"); ++i) {
            bool audited = Sampling.isAudited(
                _word(_key("draws", i, ".seed")),
                _word(_key("draws", i, ".leaseId")),
                uint32(_uint(_key("draws", i, ".task"))),
                uint32(_uint(_key("draws", i, ".ratePpm")))
            );
            vm.assertTrue(audited == vm.parseJsonBool(json, _key("draws", i, ".audited")));
        }
    }

    function test_SeatDraws() external view {
        for (uint256 i; i < _count("seatDraws"); ++i) {
            uint32 seatId = Sampling.seatFor(
                _word(_key("seatDraws", i, ".seed")),
                _word(_key("seatDraws", i, ".leaseId")),
                uint32(_uint(_key("seatDraws", i, ".task"))),
                _uint(_key("seatDraws", i, ".attempt")),
                uint32(_uint(_key("seatDraws", i, ".seatCount")))
            );
            vm.assertEq(seatId, _uint(_key("seatDraws", i, ".index")));
        }
    }

    function test_CommitteeDraws() external view {
        for (uint256 i; i < _count("committeeDraws"); ++i) {
            uint32 seatId = Sampling.committeeSeat(
                _word(_key("committeeDraws", i, ".seed")),
                _uint(_key("committeeDraws", i, ".disputeId")),
                _uint(_key("committeeDraws", i, ".attempt")),
                uint32(_uint(_key("committeeDraws", i, ".seatCount")))
            );
            vm.assertEq(seatId, _uint(_key("committeeDraws", i, ".index")));
        }
    }

    function test_RatesAndFees() external view {
        for (uint256 i; i < _count("rates"); ++i) {
            uint256 rate = Pricing.auditRatePpm(
                _uint(_key("rates", i, ".priceWei")),
                _uint(_key("rates", i, ".stakeWei")),
                _uint(_key("rates", i, ".unvestedWei"))
            );
            vm.assertEq(rate, _uint(_key("rates", i, ".ratePpm")));
        }
        for (uint256 i; i < _count("fees"); ++i) {
            uint256 fee = Pricing.auditFeeWei(_uint(_key("fees", i, ".priceWei")));
            vm.assertEq(fee, _uint(_key("fees", i, ".feeWei")));
        }
    }
}
