"""Standing offers of devices."""

from __future__ import annotations

from fastapi import APIRouter

from market.api.dependencies import PrincipalDep, ServicesDep
from protocol.client.wire import Hash, OfferRequest, OfferView
from protocol.typed_data import parse_signature
from protocol.units import Bytes32

router = APIRouter(tags=["offers"])


@router.put("/v1/offers")
def put_offer(body: OfferRequest, who: PrincipalDep, services: ServicesDep) -> OfferView:
    """Put up a device's signed offer in place of its last one."""
    return services.offers.put(who, body.offer, parse_signature(body.signature))


@router.delete("/v1/offers/{offer_id}", status_code=204)
def delete_offer(offer_id: Hash, who: PrincipalDep, services: ServicesDep) -> None:
    """Take an offer of one's own down."""
    services.offers.delete(who, Bytes32(offer_id))
