"""Every service of the market, as `market.main` wires them and the edges use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Services:
    info: Any
    bell: Any
    sessions: Any
    uploads: Any
    downloads: Any
    quotes: Any
    jobs: Any
    results: Any
    offers: Any
    leases: Any
    lease_results: Any
    audits: Any
    disputes: Any
    accounts: Any
    relays: Any
    feed: Any
    faucet: Any
    health: Any
