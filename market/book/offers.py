"""Putting offers up and taking them down."""

from __future__ import annotations

from typing import Any

from market.ports import Clock
from market.principal import Principal
from market.store.records import OfferRecord
from market.store.unit import Store
from protocol.client.wire import OfferView
from protocol.errors import Forbidden, MessageExpired, NonceUsed, NotFound
from protocol.offer import Offer
from protocol.typed_data import Domain
from protocol.units import Bytes32


class OfferService:
    """One standing offer a device; a newer nonce replaces the last."""

    def __init__(self, store: Store, domain: Domain, clock: Clock) -> None:
        self._store = store
        self._domain = domain
        self._clock = clock

    def put(self, who: Principal, message: dict[str, Any], signature: bytes) -> OfferView:
        """Put up an offer; the same one again changes nothing.

        Raises:
            BadSignature: not signed by the device's key.
            Forbidden: the session is not that device's, or its wallet is not the provider.
            MessageExpired: it is over already.
            NonceUsed: the device has put up one with this or a later nonce.
        """
        offer, now = Offer.from_json(message), int(self._clock())
        offer_id = offer.digest(self._domain)
        self._check(who, offer, signature, now)
        with self._store.write() as unit:
            last = unit.offers.of_device(offer.device)
            _require_newer(last, offer, offer_id)
            unit.offers.put(_row(offer, offer_id, signature, now))
            unit.feed.append("offer_up", now, None, {"provider": offer.provider})
            unit.is_work_new = True
        return OfferView(offer_id=offer_id, provider=offer.provider, expires_at=offer.expires_at)

    def delete(self, who: Principal, offer_id: Bytes32) -> None:
        """Take an offer down.

        Raises:
            NotFound: no such offer of this account.
        """
        with self._store.write() as unit:
            record = unit.offers.get(offer_id)
            if record is None or not {record.device, record.provider} & who.names:
                raise NotFound("there is no such offer of yours")
            if not record.is_withdrawn:
                unit.offers.withdraw(offer_id)
                now = int(self._clock())
                unit.feed.append("offer_down", now, None, {"provider": record.provider})

    def _check(self, who: Principal, offer: Offer, signature: bytes, now: int) -> None:
        offer.require_signer(self._domain, signature, offer.device)
        if offer.device != who.account or offer.provider != who.wallet:
            raise Forbidden("a device offers for itself, and for the wallet that delegated to it")
        if offer.expires_at <= now:
            raise MessageExpired("the offer has expired; sign a new one")


def _require_newer(last: OfferRecord | None, offer: Offer, offer_id: Bytes32) -> None:
    if last is None or offer.nonce > last.nonce:
        return
    if last.offer_id != offer_id or last.is_withdrawn:
        raise NonceUsed(f"the device's last offer has the nonce {last.nonce}; use a later one")


def _row(offer: Offer, offer_id: Bytes32, signature: bytes, now: int) -> dict[str, Any]:
    return {
        "device": offer.device,
        "provider": offer.provider,
        "offer_id": offer_id,
        "message": offer.to_json(),
        "signature": signature,
        "ask_wei": offer.ask_per_core_second,
        "nonce": offer.nonce,
        "expires_at": offer.expires_at,
        "is_withdrawn": False,
        "seen_at": now,
    }
