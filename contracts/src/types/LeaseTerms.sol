// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The numbers of a lease line in one word, from the lowest bit: job (8), provider (8),
/// firstTask (32), count (16), amountWei (96). `job` and `provider` are indices into the batch.
/// Mirrors protocol/batch.py.
type LeaseTerms is uint256;

using LeaseTermsFields for LeaseTerms global;

library LeaseTermsFields {
    function pack(uint8 job_, uint8 provider_, uint32 firstTask_, uint16 count_, uint96 amountWei_)
        internal
        pure
        returns (LeaseTerms)
    {
        return LeaseTerms.wrap(
            uint256(job_) | uint256(provider_) << 8 | uint256(firstTask_) << 16 | uint256(count_)
                << 48 | uint256(amountWei_) << 64
        );
    }

    function job(LeaseTerms terms) internal pure returns (uint256) {
        return LeaseTerms.unwrap(terms) & 0xff;
    }

    function provider(LeaseTerms terms) internal pure returns (uint256) {
        return LeaseTerms.unwrap(terms) >> 8 & 0xff;
    }

    function firstTask(LeaseTerms terms) internal pure returns (uint256) {
        return LeaseTerms.unwrap(terms) >> 16 & 0xffffffff;
    }

    function count(LeaseTerms terms) internal pure returns (uint256) {
        return LeaseTerms.unwrap(terms) >> 48 & 0xffff;
    }

    /// @dev The bits above are checked to be empty when a line is committed.
    function amountWei(LeaseTerms terms) internal pure returns (uint256) {
        return LeaseTerms.unwrap(terms) >> 64;
    }
}
