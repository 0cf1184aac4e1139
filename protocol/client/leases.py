"""The calls of a provider's device."""

from __future__ import annotations

import httpx

from protocol.client.calls import Calls, hex_path, json_call, read_answer
from protocol.client.transport import Call
from protocol.client.wire import (
    Heartbeat,
    HeartbeatReply,
    LeaseFailure,
    LeaseGrant,
    LeaseResultRequest,
    OfferRequest,
    OfferView,
)


class LeaseCalls(Calls):
    """/v1/offers and /v1/leases."""

    def put_offer(self, request: OfferRequest) -> OfferView:
        """PUT /v1/offers: in place of the device's offer so far."""
        return read_answer(OfferView, self._send(json_call("PUT", "/v1/offers", request)))

    def delete_offer(self, offer_id: bytes) -> None:
        """DELETE /v1/offers/{offer_id}"""
        self._send(Call("DELETE", f"/v1/offers/{hex_path(offer_id)}"))

    def lease(self, wait_seconds: float = 0) -> LeaseGrant | None:
        """POST /v1/leases: work, if there is some within `wait_seconds`.

        Tried again only when it cannot have been granted: a grant whose answer is lost expires.
        """
        call = Call(
            "POST",
            "/v1/leases",
            params={"wait_seconds": wait_seconds},
            is_repeatable=False,
            extra_seconds=wait_seconds,
        )
        response = self._send(call)
        if response.status_code == httpx.codes.NO_CONTENT:
            return None
        return read_answer(LeaseGrant, response)

    def heartbeat(self, lease_id: bytes, tasks_done: int) -> HeartbeatReply:
        """POST /v1/leases/{lease_id}/heartbeat

        Raises:
            LeaseLost: drop its work.
        """
        path = f"/v1/leases/{hex_path(lease_id)}/heartbeat"
        return self._post(path, Heartbeat(tasks_done=tasks_done), HeartbeatReply)

    def post_result(self, lease_id: bytes, request: LeaseResultRequest) -> None:
        """POST /v1/leases/{lease_id}/result, once the outputs are uploaded.

        Raises:
            LeaseLost: too late, it is not paid.
        """
        self._send(json_call("POST", f"/v1/leases/{hex_path(lease_id)}/result", request))

    def post_failure(self, lease_id: bytes, request: LeaseFailure) -> None:
        """POST /v1/leases/{lease_id}/failure: give the lease back."""
        self._send(json_call("POST", f"/v1/leases/{hex_path(lease_id)}/failure", request))
