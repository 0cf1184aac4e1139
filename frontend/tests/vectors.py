"""Write the protocol's own hashes and signatures, for the browser's code (`npm run types`)."""

import json
import sys
from typing import Any

from eth_account import Account

from protocol.canonical import canonical_bytes
from protocol.chain.calls import permit_message
from protocol.chain.facts import Deployment
from protocol.job import Cancellation, Job
from protocol.session import Login
from protocol.spec import (
    ContainerRuntime,
    Limits,
    Resources,
    Spec,
    WasmRuntime,
    encode_task_list,
)
from protocol.typed_data import Domain, TypedMessage
from protocol.units import content_id, to_hex

KEY = "0x" + "11" * 32  # a test key, never funded
ACCOUNT = Account.from_key(KEY)
DOMAIN = Domain(31337, "0x5FbDB2315678afecb367f032d93F642f64180aa3")
INPUTS = [content_id(f"paragraph {i}".encode()) for i in range(3)]
TASK_LIST = encode_task_list(INPUTS)
LABELS = ["", 'Zählung «é» "quoted" \\ / \U0001f600', "textstats"]
ODD_VALUES = [
    {
        "b": 1,
        "a": [True, None, '\u20ac$"\n\\/'],
        "\u20ac": 1e-7,
        "\r": 333333333.33333329,
        "1": 4.50,
        "\U0001f600": 0,
    }
]


def specs() -> list[Spec]:
    wasm = [
        Spec(
            WasmRuntime(content_id(b"module" + label.encode())),
            Resources(1000, 268435456, 0),
            Limits(60, 10**11, 1048576),
            content_id(TASK_LIST),
            (content_id(b"weights"),) if label == "textstats" else (),
            None,
            label,
        )
        for label in LABELS
    ]
    container = Spec(
        ContainerRuntime(content_id(b"image"), ("sh", "-c", "exit 0"), (("A", "1"), ("B", "2"))),
        Resources(1500, 1 << 40, 7),
        Limits(1, 0, 1 << 32),
        content_id(TASK_LIST),
    )
    return [*wasm, container]


def spec_vector(spec: Spec) -> dict[str, Any]:
    return {
        "spec": spec.to_json(),
        "canonical": spec.canonical().decode(),
        "blob_id": spec.blob_id,
        "hash": to_hex(spec.hash),
    }


def message_vector(message: TypedMessage) -> dict[str, Any]:
    return {
        "type": type(message).__name__,
        "message": message.to_json(),
        "digest": to_hex(message.digest(DOMAIN)),
        "signature": to_hex(message.sign(DOMAIN, ACCOUNT)),
    }


def messages() -> list[TypedMessage]:
    job = Job(
        requester=ACCOUNT.address,
        operator="0x" + "22" * 20,
        token="0x" + "33" * 20,
        spec_hash=specs()[0].hash,
        task_count=40,
        max_price_per_task=10**17,
        audit_budget=48 * 10**16,
        relayer_fee=10**16,
        not_before=0,
        deadline=1790000000,
        nonce=2**255 + 7,
    )
    login = Login(
        account=ACCOUNT.address,
        issued_at=1780000000,
        expires_at=1780086400,
        nonce=bytes(range(32)),
    )
    return [job, login, Cancellation(job_id=job.job_id(DOMAIN))]


def permit_vector() -> dict[str, Any]:
    token = "0x" + "33" * 20
    deployment = Deployment(
        chain_id=DOMAIN.chain_id,
        token=token,
        market=DOMAIN.market,
        arbiter="0x" + "44" * 20,
        beacon="0x" + "55" * 20,
        deployed_block=0,
    )
    typed = permit_message(deployment, ACCOUNT.address, 5 * 10**18, 3, 1790000000)
    signed = Account.sign_typed_data(KEY, full_message=typed)
    return {
        "token": token,
        "message": {name: str(value) for name, value in typed["message"].items()},
        "digest": to_hex(signed.message_hash),
        "signature": to_hex(signed.signature),
    }


def vectors() -> dict[str, Any]:
    return {
        "key": KEY,
        "account": ACCOUNT.address,
        "domain": {"chain_id": DOMAIN.chain_id, "market": DOMAIN.market},
        "specs": [spec_vector(spec) for spec in specs()],
        "task_list": {
            "inputs": INPUTS,
            "canonical": TASK_LIST.decode(),
            "blob_id": content_id(TASK_LIST),
        },
        "canonical": [
            {"value": value, "canonical": canonical_bytes(value).decode()} for value in ODD_VALUES
        ],
        "permit": permit_vector(),
        "messages": [message_vector(message) for message in messages()],
    }


if __name__ == "__main__":
    json.dump(vectors(), sys.stdout, indent=2)
    sys.stdout.write("\n")
