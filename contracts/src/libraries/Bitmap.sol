// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Sets of numbers, 256 to a storage word; ranges are handled a word at a time.
library Bitmap {
    struct Set {
        mapping(uint256 word => uint256 bits) words;
    }

    function has(Set storage set, uint256 index) internal view returns (bool) {
        return set.words[index >> 8] & (1 << (index & 0xff)) != 0;
    }

    function add(Set storage set, uint256 index) internal {
        set.words[index >> 8] |= 1 << (index & 0xff);
    }

    /// @notice Add [first, first + count) and return the bits' first clash, or `none` (all ones).
    function addRange(Set storage set, uint256 first, uint256 count)
        internal
        returns (uint256 clash)
    {
        uint256 end = first + count;
        for (uint256 at = first; at < end; at = ((at >> 8) + 1) << 8) {
            uint256 mask = _mask(at, end);
            uint256 bits = set.words[at >> 8];
            if (bits & mask != 0) return _lowest(bits & mask, at);
            set.words[at >> 8] = bits | mask;
        }
        return type(uint256).max;
    }

    function removeRange(Set storage set, uint256 first, uint256 count) internal {
        uint256 end = first + count;
        for (uint256 at = first; at < end; at = ((at >> 8) + 1) << 8) {
            set.words[at >> 8] &= ~_mask(at, end);
        }
    }

    /// @dev The bits of `at`'s word that lie in [at, end).
    function _mask(uint256 at, uint256 end) private pure returns (uint256 mask) {
        mask = type(uint256).max << (at & 0xff);
        uint256 next = ((at >> 8) + 1) << 8;
        if (end < next) mask &= (1 << (end & 0xff)) - 1;
    }

    function _lowest(uint256 bits, uint256 at) private pure returns (uint256 index) {
        index = at & ~uint256(0xff);
        while (bits & 1 == 0) {
            bits >>= 1;
            ++index;
        }
    }
}
