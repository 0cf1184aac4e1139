"""What every party of Fallow agrees on: words, hashes, signatures, draws, prices and moves.

The modules at this level are pure: no clock, no I/O, no randomness. `protocol.chain` is the only
place that talks to a chain, `protocol.client` the only place that talks HTTP to a market.
"""
