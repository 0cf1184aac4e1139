"""Queries of offers and of how devices behave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from market.store.records import DeviceRecord, OfferRecord, columns, many, one
from market.store.sql import insert_new, upsert
from market.store.tables import devices, offers
from protocol.units import Address, Bytes32

_COLUMNS = columns(OfferRecord, offers)
_DEVICE_COLUMNS = columns(DeviceRecord, devices)


class Offers:
    """One standing offer a device."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, row: Mapping[str, Any]) -> None:
        """Put an offer in the place of the device's last one."""
        upsert(self._connection, offers, row)

    def of_device(self, device: Address) -> OfferRecord | None:
        """The device's last offer, withdrawn and expired ones too."""
        query = select(*_COLUMNS).where(offers.c.device == device)
        return one(OfferRecord, self._connection.execute(query).one_or_none())

    def get(self, offer_id: Bytes32) -> OfferRecord | None:
        """An offer by its id."""
        query = select(*_COLUMNS).where(offers.c.offer_id == offer_id)
        return one(OfferRecord, self._connection.execute(query).one_or_none())

    def standing(self, now: int, seen_since: int) -> list[OfferRecord]:
        """Offers whose device asked for work lately, cheapest first."""
        query = select(*_COLUMNS).where(
            offers.c.is_withdrawn.is_(False),
            offers.c.expires_at > now,
            offers.c.seen_at >= seen_since,
        )
        return many(
            OfferRecord, self._connection.execute(query.order_by(offers.c.ask_wei, offers.c.device))
        )

    def withdraw(self, offer_id: Bytes32) -> None:
        """Take an offer down; its nonce stays, so that it cannot be replayed."""
        change = update(offers).where(offers.c.offer_id == offer_id)
        self._connection.execute(change.values(is_withdrawn=True))

    def seen(self, device: Address, now: int) -> None:
        """The device asked for work."""
        change = update(offers).where(offers.c.device == device, offers.c.seen_at < now)
        self._connection.execute(change.values(seen_at=now))

    def device(self, device: Address) -> DeviceRecord:
        """How a device has behaved."""
        query = select(*_DEVICE_COLUMNS).where(devices.c.device == device)
        found = one(DeviceRecord, self._connection.execute(query).one_or_none())
        return found or DeviceRecord(device, 0, 0, 0)

    def succeeded(self, device: Address) -> None:
        """A lease of the device was finished."""
        self._ensure(device)
        change = update(devices).where(devices.c.device == device)
        self._connection.execute(
            change.values(
                finished_leases=devices.c.finished_leases + 1, failures_in_row=0, backoff_until=0
            )
        )

    def failed(self, device: Address, backoff_until: int) -> None:
        """A lease of the device failed or expired."""
        self._ensure(device)
        change = update(devices).where(devices.c.device == device)
        self._connection.execute(
            change.values(
                failures_in_row=devices.c.failures_in_row + 1, backoff_until=backoff_until
            )
        )

    def _ensure(self, device: Address) -> None:
        row = {"device": device, "finished_leases": 0, "failures_in_row": 0, "backoff_until": 0}
        insert_new(self._connection, devices, row)
