"""Granting leases, and keeping them alive."""

from __future__ import annotations

from dataclasses import dataclass

from market.accounts.stakes import Stakes
from market.book.stored import price_wei
from market.leases import faults
from market.leases.expiry import end_lease, last_expiry, silence_expiry
from market.leases.quota import Demand, DeviceFacts, QuotaRules, lease_size, running_limit
from market.ports import Book, Clock
from market.principal import Principal
from market.store.records import JobRecord, LeaseRecord, OfferRecord
from market.store.unit import Store, Unit
from protocol.client.wire import HeartbeatReply, LeaseGrant
from protocol.errors import Conflict, Forbidden, LeaseLost, NotFound
from protocol.lease import Lease
from protocol.lifecycle import Fault
from protocol.units import Address, Bytes32

SEEN_EVERY_SECONDS = 10
ASKED_SECONDS = 30
TURN_SECONDS = 0.015
MAX_TURNS = 10
# The chain forgives whoever stakes again; this market waits a day before it trusts them with work.
SUSPECT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class LeaseRules:
    """The market's choices about leases."""

    heartbeat_seconds: int
    quota: QuotaRules


class _Raced(Exception):
    """Another process leased one of the tasks first: nothing of this grant stands."""


class LeaseService:
    """What devices call."""

    def __init__(
        self, store: Store, book: Book, stakes: Stakes, clock: Clock, rules: LeaseRules
    ) -> None:
        self._store = store
        self._book = book
        self._stakes = stakes
        self._clock = clock
        self._rules = rules
        self._asks: dict[Address, tuple[int, float]] = {}

    def request(self, who: Principal) -> LeaseGrant | None:
        """A lease for the device's offer; None when nothing waits for it.

        Raises:
            Conflict: the device has no standing offer.
        """
        now = int(self._clock())
        with self._store.read() as unit:
            offer = _standing_offer(unit, who, now)
            jobs = self._candidates(unit, offer, now)
        self._asks[offer.device] = (offer.ask_wei, self._clock())
        if not jobs:
            self._mark_seen(offer, now)
            return None
        has_stake = self._stakes.of(offer.provider).stake_wei > 0
        try:
            with self._store.write() as unit:
                unit.offers.seen(offer.device, now)
                grants = (self._grant(unit, job, offer, has_stake, now) for job in jobs)
                return next((grant for grant in grants if grant is not None), None)
        except _Raced:
            return None

    def turn_seconds(self, who: Principal) -> float:
        """How long this device lets cheaper ones go first when new work has come."""
        now = self._clock()
        own = self._asks.get(who.account)
        if own is None:
            return 0.0
        cheaper = sum(
            1 for ask, asked in self._asks.values() if ask < own[0] and asked > now - ASKED_SECONDS
        )
        return TURN_SECONDS * min(cheaper, MAX_TURNS)

    def heartbeat(self, who: Principal, lease_id: Bytes32, tasks_done: int) -> HeartbeatReply:
        """Keep a lease alive.

        Raises:
            LeaseLost: it ended.
        """
        now = int(self._clock())
        with self._store.write() as unit:
            lease = own_lease(unit, who, lease_id)
            beat = self._rules.heartbeat_seconds
            expires_at = silence_expiry(now, beat, lease.last_expiry_at)
            done = min(tasks_done, lease.count)
            if lease.expires_at <= now or not unit.leases.extend(lease_id, expires_at, done):
                raise LeaseLost
        return HeartbeatReply(expires_at=expires_at)

    def fail(self, who: Principal, lease_id: Bytes32, code: str, detail: str) -> None:
        """Give a lease back.

        Raises:
            LeaseLost: it ended or was finished before.
        """
        with self._store.write() as unit:
            lease = own_lease(unit, who, lease_id)
            now, code = int(self._clock()), code or faults.GIVEN_BACK
            if not end_lease(unit, lease, Fault.ERROR, code, detail, now):
                raise LeaseLost

    def _candidates(self, unit: Unit, offer: OfferRecord, now: int) -> list[JobRecord]:
        if unit.offers.device(offer.device).backoff_until > now:
            return []
        if unit.disputes.is_suspect(offer.provider, now - SUSPECT_SECONDS):
            return []
        refuted = unit.leases.refuted_by(offer.device)
        erred = unit.leases.erred_jobs(offer.device, now - faults.AVOIDED_SECONDS, faults.BLAMELESS)
        # What the device gave back comes last: other devices may do better, and it elsewhere.
        jobs = sorted(unit.jobs.with_waiting_tasks(now), key=lambda job: job.job_id in erred)
        return [
            job
            for job in jobs
            if job.job_id not in refuted
            and offer.offer.fits(job.parsed_spec)
            and price_wei(offer.ask_wei, job.parsed_spec) <= job.max_price_wei
        ]

    def _grant(
        self, unit: Unit, job: JobRecord, offer: OfferRecord, has_stake: bool, now: int
    ) -> LeaseGrant | None:
        spec, device = job.parsed_spec, unit.offers.device(offer.device)
        load = unit.leases.load_of(offer.device)
        slots = offer.offer.cpu_millis // spec.resources.cpu_millis
        if load.running_leases >= running_limit(
            self._rules.quota, device.finished_leases, max(1, slots)
        ):
            return None
        fitting = self._book.fitting(unit, spec, now)
        others = {c.offer.device for c in fitting if c.price_wei <= job.max_price_wei}
        others -= {offer.device} | unit.leases.refuting_devices(job.job_id)
        last = unit.leases.last_finished(job.job_id, offer.device)
        facts = DeviceFacts(
            device.finished_leases,
            load.settled_leases,
            load.running_leases,
            has_stake,
            _seconds_per_task(last),
            last.count if last else 0,
        )
        demand = Demand(
            # More than a full lease for everybody makes no lease larger.
            unit.tasks.waiting_count(
                job.job_id, 2 * (len(others) + 1) * self._rules.quota.max_lease_tasks
            ),
            len(others) + 1,
            spec.limits.wall_seconds,
            job.deadline - now,
        )
        size = min(lease_size(self._rules.quota, facts, demand), offer.offer.most_tasks(spec))
        # Who gave up or lost a task gets it again only when there is nobody else.
        waiting = unit.tasks.waiting(job.job_id, size, offer.device, is_retry_allowed=not others)
        count = _contiguous(waiting)
        return self._lease(unit, job, offer, waiting[0], count, now) if count else None

    def _lease(
        self, unit: Unit, job: JobRecord, offer: OfferRecord, first: int, count: int, now: int
    ) -> LeaseGrant | None:
        spec = job.parsed_spec
        lease = Lease(
            job_id=job.job_id,
            provider=offer.provider,
            device=offer.device,
            first_task=first,
            count=count,
            price_per_task=price_wei(offer.ask_wei, spec),
            fence=unit.jobs.next_fence(job.job_id),
        )
        lease_id = lease.lease_id
        if not unit.tasks.lease(job.job_id, first, count, lease_id):
            raise _Raced
        last_expiry_at = last_expiry(now, spec.limits.wall_seconds, count)
        expires_at = silence_expiry(now, self._rules.heartbeat_seconds, last_expiry_at)
        unit.leases.add(lease, int(self._clock() * 1000), expires_at, last_expiry_at)
        data = {
            "lease_id": "0x" + lease_id.hex(),
            "provider": lease.provider,
            "first_task": first,
            "count": count,
        }
        unit.feed.append("lease_granted", now, job.job_id, data)
        return LeaseGrant(
            lease_id=lease_id,
            lease=lease.to_json(),
            spec=job.spec,
            task_inputs=list(unit.tasks.inputs(job.job_id, first, count)),
            expires_at=expires_at,
            heartbeat_seconds=self._rules.heartbeat_seconds,
        )

    def _mark_seen(self, offer: OfferRecord, now: int) -> None:
        if now - offer.seen_at >= SEEN_EVERY_SECONDS:
            with self._store.write() as unit:
                unit.offers.seen(offer.device, now)


def own_lease(unit: Unit, who: Principal, lease_id: Bytes32) -> LeaseRecord:
    """A lease of this device.

    Raises:
        NotFound: there is no such lease.
        Forbidden: it is another device's.
    """
    lease = unit.leases.get(lease_id)
    if lease is None:
        raise NotFound("there is no such lease")
    if lease.device != who.account:
        raise Forbidden("the lease belongs to another device")
    return lease


def _standing_offer(unit: Unit, who: Principal, now: int) -> OfferRecord:
    offer = unit.offers.of_device(who.account)
    is_standing = offer is not None and not offer.is_withdrawn and offer.expires_at > now
    # A delegation that ran out leaves no event: the chain would refuse what such a device signs.
    if offer is None or not is_standing or offer.provider != who.wallet:
        raise Conflict("this device has no standing offer; put one up first")
    return offer


def _contiguous(tasks: list[int]) -> int:
    """How many of the tasks follow the first without a gap."""
    return next((i for i, task in enumerate(tasks) if task != tasks[0] + i), len(tasks))


def _seconds_per_task(last: LeaseRecord | None) -> float | None:
    if last is None or last.finished_at_ms is None:
        return None
    return max(0.0, (last.finished_at_ms - last.granted_at_ms) / 1000 / last.count)
