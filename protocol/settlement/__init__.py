"""The money rules, in pure Python: who is paid, who loses what, and what is refused.

A mirror of contracts/src/market/, its arbiter and its terms, file by file, with the same floors,
order of division and refusals: tests/chain/test_differential.py holds the two against each other.
It knows no signatures, hashes or clocks: who signed, what things are named, what an opening proves
and when it is are arguments. The adversary simulator drives it.
"""

from __future__ import annotations

from protocol.settlement.governance import Governance


class Settlement(Governance):
    """A market's whole money, from deposit to withdrawal."""


__all__ = ["Settlement"]
