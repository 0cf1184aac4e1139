"""What only a development market has."""

from __future__ import annotations

from fastapi import APIRouter

from market.api.dependencies import ServicesDep
from protocol.client.wire import AddressText, Relayed, Wire
from protocol.units import Address

router = APIRouter(tags=["development"])


class FaucetRequest(Wire):
    """POST /v1/development/faucet"""

    address: AddressText


@router.post("/v1/development/faucet", status_code=202)
def use_faucet(body: FaucetRequest, services: ServicesDep) -> Relayed:
    """Mint development credits, and some gas, for an address. 404 on a real market."""
    return services.faucet.drip(Address(body.address))
