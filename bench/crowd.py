"""A market's database with a crowd in it: many standing offers, one job whose tasks wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_utils.address import to_checksum_address

from market.accounts.stakes import Stakes
from market.book.stored import StoredBook
from market.leases.quota import QuotaRules
from market.leases.service import LeaseRules, LeaseService
from market.principal import Principal
from market.store.engine import open_engine
from market.store.schema import migrate
from market.store.unit import Store, Unit
from protocol.chain.facts import AccountFacts
from protocol.job import Job
from protocol.offer import RUNTIME_WASM, Offer
from protocol.spec import Limits, Resources, Spec, WasmRuntime
from protocol.typed_data import Domain
from protocol.units import WEI_PER_CREDIT, ZERO_ADDRESS, Address, content_id

DOMAIN = Domain(31337, ZERO_ADDRESS)
ASK_WEI = WEI_PER_CREDIT // 1000
CORES = 64
LIFE_SECONDS = 3600


class KnownStakes(Stakes):
    """Every stake as the market remembers it for some seconds after it has asked the chain."""

    def __init__(self, stake_wei: int) -> None:
        self._facts = AccountFacts(
            balance_wei=0,
            stake_wei=stake_wei,
            forfeit_block=0,
            open_disputes=0,
            epoch=0,
            unstaking_wei=0,
            unstake_at=0,
            strikes=0,
        )

    def of(self, wallet: Address) -> AccountFacts:  # noqa: ARG002
        """The same for all."""
        return self._facts


@dataclass(frozen=True)
class Crowd:
    """What stands in the database, and the service that grants leases from it."""

    store: Store
    book: StoredBook
    leases: LeaseService
    offers: tuple[Offer, ...]
    spec: Spec

    @property
    def devices(self) -> list[Principal]:
        """Everybody who may ask for a lease."""
        return [Principal(offer.device, offer.provider) for offer in self.offers]


@contextmanager
def crowd(folder: Path, offer_count: int, task_count: int) -> Iterator[Crowd]:
    """Fill a database of the market's own kind, as its services would have."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_engine(f"sqlite:///{folder / 'market.db'}")
    migrate(engine)
    store, book, now = Store(engine, lambda _unit: None), StoredBook(), int(time.time())
    offers, spec = tuple(_offer(n, now) for n in range(offer_count)), _spec()
    rules = LeaseRules(heartbeat_seconds=5, quota=QuotaRules())
    leases = LeaseService(store, book, KnownStakes(1000 * WEI_PER_CREDIT), time.time, rules)
    try:
        with store.write() as unit:
            for offer in offers:
                _put_offer(unit, offer, now)
            _put_job(unit, spec, task_count, now)
        yield Crowd(store, book, leases, offers, spec)
    finally:
        engine.dispose()


def _spec() -> Spec:
    return Spec(
        runtime=WasmRuntime(content_id(b"a program")),
        resources=Resources(cpu_millis=1000, memory_bytes=256 << 20, disk_bytes=256 << 20),
        limits=Limits(wall_seconds=60, fuel=10**9, output_bytes=1 << 16),
        task_list=content_id(b"a task list"),
    )


def _offer(number: int, now: int) -> Offer:
    return Offer(
        provider=_address(2 * number + 2),
        device=_address(2 * number + 3),
        runtimes=RUNTIME_WASM,
        cpu_millis=CORES * 1000,
        memory_bytes=64 << 30,
        disk_bytes=64 << 30,
        # Prices differ, in no particular order.
        ask_per_core_second=ASK_WEI + number * 7919 % 1000,
        expires_at=now + LIFE_SECONDS,
        nonce=1,
    )


def _put_offer(unit: Unit, offer: Offer, now: int) -> None:
    row = {
        "device": offer.device,
        "provider": offer.provider,
        "offer_id": offer.digest(DOMAIN),
        "message": offer.to_json(),
        "signature": b"",
        "ask_wei": offer.ask_per_core_second,
        "nonce": offer.nonce,
        "expires_at": offer.expires_at,
        "is_withdrawn": False,
        "seen_at": now,
    }
    unit.offers.put(row)
    unit.offers.succeeded(offer.device)  # no longer new: it may run several leases at once


def _put_job(unit: Unit, spec: Spec, task_count: int, now: int) -> None:
    job = Job(
        requester=_address(1),
        operator=ZERO_ADDRESS,
        token=ZERO_ADDRESS,
        spec_hash=spec.hash,
        task_count=task_count,
        max_price_per_task=WEI_PER_CREDIT,
        audit_budget=0,
        relayer_fee=0,
        not_before=0,
        deadline=now + LIFE_SECONDS,
        nonce=1,
    )
    job_id = job.job_id(DOMAIN)
    row = {
        "job_id": job_id,
        "requester": job.requester,
        "message": job.to_json(),
        "signature": b"",
        "spec": spec.to_json(),
        "label": "",
        "task_count": task_count,
        "max_price_wei": job.max_price_per_task,
        "audit_budget_wei": 0,
        "total_wei": job.total_wei,
        "not_before": 0,
        "deadline": job.deadline,
        "nonce": job.nonce,
        "created_at": now,
    }
    unit.jobs.add(row)
    unit.tasks.add(job_id, [content_id(b"an input")] * task_count)
    unit.chain.open_job(job_id, job.requester, now)


def _address(number: int) -> Address:
    return Address(to_checksum_address(f"0x{number:040x}"))
