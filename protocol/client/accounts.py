"""The calls about accounts: what the chain says of them, and what the operator relays for them."""

from __future__ import annotations

from pydantic import BaseModel

from protocol.client.calls import Calls, json_call
from protocol.client.transport import Call
from protocol.client.wire import (
    AccountView,
    DelegationRequest,
    LeasePage,
    PermitDeposit,
    Relayed,
)
from protocol.errors import FallowError
from protocol.units import Address


class FaucetRequest(BaseModel):
    """POST /v1/development/faucet"""

    address: str


class AccountCalls(Calls):
    """/v1/accounts, /v1/deposits and /v1/delegations."""

    def account(self, address: Address) -> AccountView:
        """GET /v1/accounts/{address}"""
        return self._get(f"/v1/accounts/{address}", AccountView, is_private=False)

    def account_leases(
        self, address: Address, limit: int = 50, cursor: str | None = None
    ) -> LeasePage:
        """GET /v1/accounts/{address}/leases: one's own, newest first."""
        params: dict[str, str | int] = {"limit": limit}
        if cursor is not None:
            params["cursor"] = cursor
        return self._get(f"/v1/accounts/{address}/leases", LeasePage, params)

    def deposit(self, request: PermitDeposit) -> Relayed:
        """POST /v1/deposits: the operator will send it; poll `account`."""
        return self._post("/v1/deposits", request, Relayed)

    def delegate(self, request: DelegationRequest) -> Relayed:
        """POST /v1/delegations: the operator will send it; poll the chain, or try to sign in."""
        return self._post("/v1/delegations", request, Relayed)

    def faucet(self, address: Address) -> None:
        """POST /v1/development/faucet: credits and gas, on a development market.

        Raises:
            NotFound: this market is none.
        """
        body = FaucetRequest(address=address)
        call = json_call("POST", "/v1/development/faucet", body, is_repeatable=False)
        self._send(call, is_private=False)

    def is_ready(self) -> bool:
        """GET /readyz, once."""
        try:
            self._transport.send(Call("GET", "/readyz", is_repeatable=False))
        except FallowError:
            return False
        return True
