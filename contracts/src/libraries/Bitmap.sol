// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Sets of numbers, 256 to a storage word; ranges are handled one word after the other.
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

    function addRange(Set storage set, uint256 first, uint256 count) internal {
        uint256 end = first + count;
        for (uint256 position = first; position < end; position = ((position >> 8) + 1) << 8) {
            set.words[position >> 8] |= _mask(position, end);
        }
    }

    /// @notice Take [first, first + count) out, and return the first that was not in, or all ones.
    function takeRange(Set storage set, uint256 first, uint256 count)
        internal
        returns (uint256 missing)
    {
        uint256 end = first + count;
        for (uint256 position = first; position < end; position = ((position >> 8) + 1) << 8) {
            uint256 mask = _mask(position, end);
            uint256 bits = set.words[position >> 8];
            if (bits & mask != mask) return _lowest(~bits & mask, position);
            set.words[position >> 8] = bits & ~mask;
        }
        return type(uint256).max;
    }

    /// @dev The bits of `position`'s word that lie in [position, end).
    function _mask(uint256 position, uint256 end) private pure returns (uint256 mask) {
        mask = type(uint256).max << (position & 0xff);
        uint256 next = ((position >> 8) + 1) << 8;
        if (end < next) mask &= (1 << (end & 0xff)) - 1;
    }

    function _lowest(uint256 bits, uint256 position) private pure returns (uint256 index) {
        index = position & ~uint256(0xff);
        while (bits & 1 == 0) {
            bits >>= 1;
            ++index;
        }
    }
}
