"""The money rules, in pure Python: who is paid, who loses what, and what is refused.

A mirror of contracts/src/market/, file by file, with the same floors, order of division and
refusals, so that the two can be held against each other. It knows no signatures, trees or clocks:
who signed, what an opening proves and when it is are arguments. The adversary simulator drives it.
"""

from __future__ import annotations

from protocol.settlement.disputes import Disputes


class Settlement(Disputes):
    """A market's whole money, from deposit to withdrawal."""


__all__ = ["Settlement"]
