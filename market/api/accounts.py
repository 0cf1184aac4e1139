"""Accounts, and what the operator relays for them so that they need no gas."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from market.api.dependencies import PrincipalDep, ServicesDep
from protocol.client.wire import (
    AccountView,
    AddressText,
    DelegationRequest,
    LeasePage,
    PermitDeposit,
    Relayed,
)
from protocol.typed_data import parse_signature
from protocol.units import Address

router = APIRouter(tags=["accounts"])


@router.get("/v1/accounts/{address}")
def get_account(address: AddressText, services: ServicesDep) -> AccountView:
    """What the chain knows of an account."""
    return services.accounts.get(Address(address))


@router.get("/v1/accounts/{address}/leases")
def list_leases(
    address: AddressText,
    who: PrincipalDep,
    services: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> LeasePage:
    """One's own leases, newest first."""
    return services.accounts.leases(who, Address(address), limit, cursor)


@router.post("/v1/deposits", status_code=202)
def create_deposit(body: PermitDeposit, services: ServicesDep) -> Relayed:
    """Relay an EIP-2612 permit: the owner's credits move into the owner's own balance."""
    return services.relays.deposit(
        Address(body.owner), body.amount_wei, body.deadline, parse_signature(body.signature)
    )


@router.post("/v1/delegations", status_code=202)
def create_delegation(body: DelegationRequest, services: ServicesDep) -> Relayed:
    """Relay a wallet's signed delegation to a device key."""
    return services.relays.delegation(body.delegation, parse_signature(body.signature))
