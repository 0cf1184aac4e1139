"""The composition root: the only place that knows which adapter stands behind which port."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from eth_account.signers.local import LocalAccount
from fastapi import FastAPI

from market.accounts.faucet import Faucet
from market.accounts.intake import Intake
from market.accounts.relays import RelayService
from market.accounts.service import AccountService
from market.accounts.sessions import SessionService
from market.accounts.stakes import Stakes
from market.api.app import create_app
from market.audits.disputes import DisputeService
from market.audits.draws import Draws
from market.audits.service import AuditService
from market.bell import Bell
from market.blobs.files import DiskBlobFiles
from market.blobs.service import DownloadService, UploadService
from market.book.offers import OfferService
from market.book.quotes import QuoteService
from market.book.stored import StoredBook
from market.feed.service import FeedService
from market.health import Health
from market.jobs.posting import JobPosting
from market.jobs.results import ResultService
from market.jobs.service import JobService
from market.leases.quota import QuotaRules
from market.leases.refuted import Refutations
from market.leases.results import LeaseResultService
from market.leases.service import LeaseRules, LeaseService
from market.ports import Clock
from market.projection.projector import Projector
from market.services import Services
from market.settings import Settings
from market.settlement.batches import Batching
from market.settlement.disputes import DisputeKeeping
from market.settlement.equivocations import Equivocations
from market.settlement.fees import AuditFees
from market.settlement.keeper import Keeper, KeeperParts
from market.settlement.outbox import Outbox, job_rejected
from market.settlement.payouts import Payouts
from market.store.engine import open_engine
from market.store.schema import migrate
from market.store.unit import Store, Unit
from protocol.chain.connection import connect
from protocol.chain.contracts import Contracts
from protocol.chain.events import EventReader
from protocol.chain.facts import Deployment, Params
from protocol.chain.sender import Sender, SqliteJournal
from protocol.client.keys import load_key
from protocol.client.wire import MarketInfo
from protocol.errors import ChainUnavailable, InvalidInput
from protocol.units import Address

# How long a listener sleeps at most without a ring: other processes may have done something.
FEED_PATIENCE_SECONDS = {"embedded": 5.0, "celery": 1.0}
WORK_PATIENCE_SECONDS = 2.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Market:
    """One process's market."""

    settings: Settings
    services: Services
    keeper: Keeper
    store: Store
    contracts: Contracts
    on_relays: list[Callable[[], None]]

    def app(self) -> FastAPI:
        """Its HTTP edge."""
        return create_app(self.services, self.settings.web_directory, self.services.info.rpc_url)


@dataclass(frozen=True)
class _Base:
    """What everything else is built on."""

    settings: Settings
    store: Store
    contracts: Contracts
    operator: LocalAccount
    params: Params
    clock: Clock

    @property
    def operator_address(self) -> Address:
        return Address(self.operator.address)


def build(settings: Settings, clock: Clock = time.time) -> Market:
    """Open the database, find the chain, wire everything.

    Raises:
        InvalidInput: a file is missing or wrong.
        ChainUnavailable: no chain answers in time.
    """
    settings.data_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not settings.public_rpc_url and "@" in urlsplit(settings.rpc_url).netloc:
        raise InvalidInput("rpc_url holds a password: set FALLOW_MARKET_PUBLIC_RPC_URL for clients")
    operator = load_key(settings.operator_key)
    deployment = _read_deployment(settings)
    contracts = Contracts(connect(settings.rpc_url), deployment)
    params = _await_params(contracts, settings.start_seconds)
    engine = open_engine(settings.database)
    migrate(engine)
    bell = Bell(FEED_PATIENCE_SECONDS[settings.keeper])
    work_bell = Bell(WORK_PATIENCE_SECONDS)
    on_relays: list[Callable[[], None]] = []
    store = Store(engine, _on_commit(bell, work_bell, on_relays))
    base = _Base(settings, store, contracts, operator, params, clock)
    draws = Draws(contracts, base.operator_address)
    projector = _projector(base, draws)
    return Market(
        settings=settings,
        services=_services(base, bell, work_bell, draws, projector),
        keeper=_keeper(base, projector),
        store=store,
        contracts=contracts,
        on_relays=on_relays,
    )


def _on_commit(
    bell: Bell, work_bell: Bell, on_relays: list[Callable[[], None]]
) -> Callable[[Unit], None]:
    def on_commit(unit: Unit) -> None:
        if unit.has_events:
            bell.ring()
        if unit.is_work_new:
            work_bell.ring()
        if unit.has_relays:
            for listener in on_relays:
                listener()

    return on_commit


def _read_deployment(settings: Settings) -> Deployment:
    try:
        return Deployment.from_json(json.loads(settings.deployment.read_text()))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"cannot read the deployment {settings.deployment}: {error}") from None


def _await_params(contracts: Contracts, seconds: float) -> Params:
    """The chain may start together with the market."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return contracts.params()
        except ChainUnavailable:
            if time.monotonic() >= deadline:
                raise
            _log.info("waiting for the chain at %s", contracts.deployment.market)
            time.sleep(0.5)


def _projector(base: _Base, draws: Draws) -> Projector:
    return Projector(
        base.store,
        EventReader(base.contracts.web3, base.contracts.deployment, base.settings.confirmations),
        base.contracts,
        draws.forget,
    )


def _keeper(base: _Base, projector: Projector) -> Keeper:
    store, contracts = base.store, base.contracts
    batching = Batching(store, contracts, base.settings.batch_seconds)
    fees = AuditFees(store, contracts, base.params, base.operator_address)
    journal = SqliteJournal(base.settings.data_directory / "sender.db")
    outbox = Outbox(
        store,
        Sender(contracts.web3, base.operator, journal),
        {"open-job": job_rejected, "commit": batching.rejected, "audits": fees.rejected},
        base.clock,
    )
    payouts = Payouts(store, contracts, base.params, base.operator_address)
    disputes = DisputeKeeping(store, contracts, base.params)
    equivocations = Equivocations(store, contracts, base.params)
    parts = KeeperParts(
        projector,
        batching,
        payouts,
        fees,
        disputes,
        equivocations,
        outbox,
        Refutations(store, Stakes(contracts, base.clock)),
    )
    return Keeper(store, contracts, parts, base.clock)


def _services(
    base: _Base, bell: Bell, work_bell: Bell, draws: Draws, projector: Projector
) -> Services:
    store, contracts, clock, settings = base.store, base.contracts, base.clock, base.settings
    files, book = DiskBlobFiles(settings.data_directory), StoredBook()
    stakes = Stakes(contracts, clock)
    intake = Intake(contracts)
    posting = JobPosting(
        store, files, contracts, intake, base.operator_address, settings.relayer_fee_wei, clock
    )
    quota = QuotaRules(
        first_lease_tasks=settings.first_lease_tasks,
        max_lease_tasks=settings.max_lease_tasks,
        target_lease_seconds=settings.target_lease_seconds,
    )
    return Services(
        info=_info(base),
        bell=bell,
        work_bell=work_bell,
        health=Health(store, contracts),
        sessions=SessionService(store, contracts, clock),
        uploads=UploadService(store, files, clock, settings.max_blob_bytes),
        downloads=DownloadService(store, files),
        quotes=QuoteService(store, book, stakes, clock, settings.relayer_fee_wei),
        jobs=JobService(store, posting, book, contracts, clock),
        results=ResultService(store, files),
        offers=OfferService(store, contracts.domain, clock),
        leases=LeaseService(
            store, book, stakes, clock, LeaseRules(settings.heartbeat_seconds, quota)
        ),
        lease_results=LeaseResultService(
            store, files, contracts.domain, clock, base.params.commit_grace_seconds
        ),
        audits=AuditService(
            store,
            contracts,
            draws,
            projector.advance,
            base.params.dispute_window_seconds,
            clock,
        ),
        disputes=DisputeService(store, contracts, clock),
        accounts=AccountService(store, contracts, clock),
        relays=RelayService(store, contracts, intake, base.operator_address, clock),
        faucet=Faucet(store, contracts, clock, is_open=settings.is_development),
        feed=FeedService(store),
    )


def _info(base: _Base) -> MarketInfo:
    deployment, settings = base.contracts.deployment, base.settings
    return MarketInfo(
        chain_id=deployment.chain_id,
        market=deployment.market,
        token=deployment.token,
        arbiter=deployment.arbiter,
        beacon=deployment.beacon,
        deployed_block=deployment.deployed_block,
        operator=base.operator_address,
        rpc_url=settings.public_rpc_url or settings.rpc_url,
        relayer_fee_wei=settings.relayer_fee_wei,
        heartbeat_seconds=settings.heartbeat_seconds,
        is_development=settings.is_development,
        params=base.params.to_json(),
    )
