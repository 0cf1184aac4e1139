// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LeaseLine, Owner, Party} from "../types/Batch.sol";

/// @notice Writes `abi.encode(Batch)` word by word while a batch is committed: it is hashed and logged as
/// it is, and most of a commitment's cost would else be copying. `BatchId.idOf` is the plain form; a
/// test holds them together.
library BatchCodec {
    /// @dev Where the encoding begins in memory. Word 0 says where the struct begins, 1 is the operator, 2
    /// to 4 say where the arrays begin, 5 counts the jobs.
    type Encoding is uint256;

    uint256 private constant _JOBS = 6 * 32;
    uint256 private constant _JOB_BYTES = 2 * 32;
    uint256 private constant _PARTY_BYTES = 32;
    uint256 private constant _LINE_BYTES = 3 * 32;

    /// @notice Room for a batch, with everything but its jobs and providers.
    function create(
        address operator,
        uint256 jobCount,
        uint256 providerCount,
        LeaseLine[] calldata lines
    ) internal pure returns (Encoding encoding) {
        uint256 jobBytes = jobCount * _JOB_BYTES;
        uint256 providerBytes = providerCount * _PARTY_BYTES;
        uint256 lineBytes = lines.length * _LINE_BYTES;
        assembly ("memory-safe") {
            let start := mload(0x40)
            encoding := start
            mstore(start, 0x20)
            mstore(add(start, 0x20), operator)
            mstore(add(start, 0x40), 0x80)
            mstore(add(start, 0x60), add(0xa0, jobBytes))
            mstore(add(start, 0x80), add(add(0xc0, jobBytes), providerBytes))
            mstore(add(start, 0xa0), jobCount)
            let at := add(add(start, 0xc0), jobBytes)
            mstore(at, providerCount)
            at := add(add(at, 0x20), providerBytes)
            mstore(at, lines.length)
            calldatacopy(add(at, 0x20), lines.offset, lineBytes)
            mstore(0x40, add(add(at, 0x20), lineBytes))
        }
    }

    function setJob(Encoding encoding, uint256 i, bytes32 jobId_, Owner owner) internal pure {
        assembly ("memory-safe") {
            let at := add(add(encoding, _JOBS), mul(i, _JOB_BYTES))
            mstore(at, jobId_)
            mstore(add(at, 0x20), owner)
        }
    }

    function setParty(Encoding encoding, uint256 i, Party party) internal pure {
        assembly ("memory-safe") {
            let jobs := mul(mload(add(encoding, 0xa0)), _JOB_BYTES)
            let at := add(add(add(add(encoding, _JOBS), jobs), 0x20), mul(i, _PARTY_BYTES))
            mstore(at, party)
        }
    }

    function jobId(Encoding encoding, uint256 i) internal pure returns (bytes32 found) {
        assembly ("memory-safe") {
            found := mload(add(add(encoding, _JOBS), mul(i, _JOB_BYTES)))
        }
    }

    /// @notice Log the batch as an event's one unindexed argument; its hash is its id, and is indexed.
    function publish(Encoding encoding, bytes32 topic) internal returns (bytes32 batchId) {
        assembly ("memory-safe") {
            let lines := add(add(encoding, 0x20), mload(add(encoding, 0x80)))
            let end := add(add(lines, 0x20), mul(mload(lines), _LINE_BYTES))
            batchId := keccak256(encoding, sub(end, encoding))
            log2(encoding, sub(end, encoding), topic, batchId)
        }
    }
}
