"""Every service of the market, as `market.main` wires them and the edges use them."""

from __future__ import annotations

from dataclasses import dataclass

from market.accounts.faucet import Faucet
from market.accounts.relays import RelayService
from market.accounts.service import AccountService
from market.accounts.sessions import SessionService
from market.audits.disputes import DisputeService
from market.audits.service import AuditService
from market.bell import Bell
from market.blobs.service import DownloadService, UploadService
from market.book.offers import OfferService
from market.book.quotes import QuoteService
from market.feed.service import FeedService
from market.health import Health
from market.jobs.results import ResultService
from market.jobs.service import JobService
from market.leases.results import LeaseResultService
from market.leases.service import LeaseService
from protocol.client.wire import MarketInfo


@dataclass(frozen=True)
class Services:
    """`bell` rings for events, `work_bell` when tasks wait for devices."""

    info: MarketInfo
    bell: Bell
    work_bell: Bell
    health: Health
    sessions: SessionService
    uploads: UploadService
    downloads: DownloadService
    quotes: QuoteService
    jobs: JobService
    results: ResultService
    offers: OfferService
    leases: LeaseService
    lease_results: LeaseResultService
    audits: AuditService
    disputes: DisputeService
    accounts: AccountService
    relays: RelayService
    faucet: Faucet
    feed: FeedService
