"""Where a market's contracts are, as the market says."""

from __future__ import annotations

from protocol.chain.facts import Deployment
from protocol.client.wire import MarketInfo
from protocol.units import Address


def deployment_of(info: MarketInfo) -> Deployment:
    """The deployment that a market names.

    Only its word: whoever stakes there checks the addresses elsewhere first.
    """
    return Deployment(
        chain_id=info.chain_id,
        token=Address(info.token),
        market=Address(info.market),
        arbiter=Address(info.arbiter),
        beacon=Address(info.beacon),
        deployed_block=info.deployed_block,
    )
