// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {LeaseTerms} from "./LeaseTerms.sol";

/// @notice A job that a batch has leases of.
struct JobRef {
    bytes32 jobId;
    Owner owner;
}

/// @notice A job's requester (160 bits) and its number of tasks (32), in one word from the lowest bit.
type Owner is uint256;

/// @notice A provider with leases in a batch (160 bits), and the stake in wei that stood behind it at the
/// commitment (96), in one word from the lowest bit.
type Party is uint256;

using OwnerFields for Owner global;
using PartyFields for Party global;

library OwnerFields {
    function pack(address requester_, uint32 taskCount_) internal pure returns (Owner) {
        return Owner.wrap(uint256(uint160(requester_)) | uint256(taskCount_) << 160);
    }

    function requester(Owner owner) internal pure returns (address) {
        return address(uint160(Owner.unwrap(owner)));
    }

    function taskCount(Owner owner) internal pure returns (uint256) {
        return Owner.unwrap(owner) >> 160;
    }
}

library PartyFields {
    function pack(address wallet_, uint96 stakeWei_) internal pure returns (Party) {
        return Party.wrap(uint256(uint160(wallet_)) | uint256(stakeWei_) << 160);
    }

    function wallet(Party party) internal pure returns (address) {
        return address(uint160(Party.unwrap(party)));
    }

    function stakeWei(Party party) internal pure returns (uint256) {
        return Party.unwrap(party) >> 160;
    }
}

/// @notice A lease result in a batch, without what it shares with others.
struct LeaseLine {
    bytes32 leaseId;
    bytes32 resultRoot;
    LeaseTerms terms;
}

/// @notice A device's or wallet's ECDSA signature in two words (EIP-2098).
struct Signature {
    bytes32 r;
    bytes32 vs;
}

/// @notice Many lease results, committed under one hash. Whoever does something about a batch brings
/// it along; `BatchCommitted` has published it.
struct Batch {
    address operator;
    JobRef[] jobs;
    Party[] providers;
    LeaseLine[] lines;
}

/// @notice The id of a batch. Mirrors protocol/batch.py.
library BatchId {
    function idOf(Batch memory batch) internal pure returns (bytes32) {
        return keccak256(abi.encode(batch));
    }
}
