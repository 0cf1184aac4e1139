"""Puts a market on a chain and checks that it came out as wished."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import rlp  # type: ignore[import-untyped]
from eth_abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils import keccak

from protocol.bisection import GameTimes
from protocol.chain.calls import TOKEN_NAME, TOKEN_VERSION
from protocol.chain.codec import artifact, codec
from protocol.chain.connection import quantity, rpc
from protocol.chain.contracts import Contracts
from protocol.chain.facts import Deployment, Params
from protocol.chain.fees import gas_limit
from protocol.chain.pool import look
from protocol.errors import ChainRejected, ChainUnavailable
from protocol.typed_data import DOMAIN_NAME, DOMAIN_VERSION
from protocol.units import ZERO_ADDRESS, Address, parse_address, to_hex

if TYPE_CHECKING:
    from web3 import Web3

_TIMEOUT_SECONDS = 120
_DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


def deploy(
    web3: Web3,
    deployer: LocalAccount,
    params: Params,
    initial_supply_wei: int,
    minter: Address | None = None,
    guardian: Address | None = None,
    governor: Address | None = None,
    games: GameTimes | None = None,
) -> Deployment:
    """Deploy token, beacon, market and arbiter; the initial supply goes to the deployer.

    `minter` may mint more tokens for ever: by default the deployer, as faucets need it; the zero
    address means nobody. `guardian` may pause intake for a while, `governor` may change the terms
    of disputes after a notice: by default nobody. With `games`, the arbiter lets the parties of a
    dispute narrow it down first (`BisectionArbiter`); by default a committee judges at once.

    Raises:
        ChainRejected: a deployment was refused, or what stands on chain is not what was asked for.
        ChainUnavailable: the endpoint does not answer.
    """
    owner = parse_address(deployer.address)
    before = look(web3, owner, [])
    arbiter = contract_address(owner, before.confirmed_nonce + 5)
    token = _create(web3, deployer, "CreditToken", minter or owner, initial_supply_wei)
    beacon = _create(web3, deployer, "BlockhashBeacon")
    guardian, governor = guardian or ZERO_ADDRESS, governor or ZERO_ADDRESS
    terms = _create(web3, deployer, "Terms", params.values(), guardian, governor)
    annex = _create(web3, deployer, "Annex", token, beacon, arbiter, terms)
    market = _create(web3, deployer, "Market", token, beacon, arbiter, terms, annex)
    if _create_arbiter(web3, deployer, market, games) != arbiter:
        raise ChainRejected("the deployer sent other transactions meanwhile; deploy again")
    deployment = Deployment(
        chain_id=quantity(rpc(web3, "eth_chainId")),
        token=token,
        market=market,
        arbiter=arbiter,
        beacon=beacon,
        deployed_block=before.head + 1,
    )
    check_deployment(web3, deployment, params, guardian, governor, games)
    return deployment


def check_deployment(
    web3: Web3,
    deployment: Deployment,
    params: Params,
    guardian: Address | None = None,
    governor: Address | None = None,
    games: GameTimes | None = None,
) -> None:
    """Compare what stands on chain with what it should be.

    Anybody will do as guardian, or as governor, if none is given; so will any arbiter, if no times
    of games are.

    Raises:
        ChainRejected: naming the first difference.
        ChainUnavailable: the endpoint does not answer.
    """
    contracts = Contracts(web3, deployment)
    roles = _roles(contracts, guardian, governor)
    for what, ask, wanted in (*roles, *_games(contracts, games), *_expectations(contracts, params)):
        try:
            found = ask()
        except ChainRejected as error:
            raise ChainRejected(f"the {what} cannot be read: {error.message}") from error
        if found != wanted:
            raise ChainRejected(f"the {what}: {found} stands on chain, not {wanted}")


_Expectations = list[tuple[str, Callable[[], object], object]]


def _roles(
    contracts: Contracts, guardian: Address | None, governor: Address | None
) -> _Expectations:
    roles = (
        ("market's guardian", contracts.guardian, guardian),
        ("market's governor", contracts.governor, governor),
    )
    return [role for role in roles if role[2]]


def _games(contracts: Contracts, games: GameTimes | None) -> _Expectations:
    return [("arbiter's times", lambda: contracts.game_times, games)] if games else []


def _expectations(contracts: Contracts, params: Params) -> _Expectations:
    ask, made = contracts.ask, contracts.deployment
    market_domain = domain_separator(DOMAIN_NAME, DOMAIN_VERSION, made.chain_id, made.market)
    token_domain = domain_separator(TOKEN_NAME, TOKEN_VERSION, made.chain_id, made.token)
    return [
        ("chain id", lambda: quantity(rpc(contracts.web3, "eth_chainId")), made.chain_id),
        ("market's params", contracts.params, params),
        ("market's token", lambda: ask("Market", "token"), made.token),
        ("market's beacon", lambda: ask("Market", "beacon"), made.beacon),
        ("market's arbiter", lambda: ask("Market", "arbiter"), made.arbiter),
        ("market's signing domain", lambda: ask("Market", "domainSeparator"), market_domain),
        ("arbiter's market", lambda: ask("CommitteeArbiter", "market"), made.market),
        ("token's signing domain", lambda: ask("CreditToken", "DOMAIN_SEPARATOR"), token_domain),
    ]


def contract_address(creator: Address, nonce: int) -> Address:
    """Where a contract that `creator` deploys with `nonce` will stand."""
    words = [bytes.fromhex(creator[2:]), nonce]
    return parse_address(to_hex(keccak(rlp.encode(words))[12:]))


def domain_separator(name: str, version: str, chain_id: int, contract: Address) -> bytes:
    """EIP-712's hash of a domain."""
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    hashes = [keccak(text=text) for text in (_DOMAIN_TYPE, name, version)]
    return keccak(encode(types, [*hashes, chain_id, contract]))


def _create_arbiter(
    web3: Web3, deployer: LocalAccount, market: Address, games: GameTimes | None
) -> Address:
    if games is None:
        return _create(web3, deployer, "CommitteeArbiter", market)
    return _create(web3, deployer, "BisectionArbiter", market, games.values())


def _create(web3: Web3, deployer: LocalAccount, name: str, *arguments: Any) -> Address:
    data = artifact(name).bytecode + codec(name).encode_constructor(*arguments)
    owner = parse_address(deployer.address)
    view = look(web3, owner, [])
    estimate = quantity(rpc(web3, "eth_estimateGas", {"from": owner, "data": to_hex(data)}))
    transaction: dict[str, Any] = {
        "type": 2,
        "chainId": quantity(rpc(web3, "eth_chainId")),
        "nonce": view.confirmed_nonce,
        "data": data,
        "value": 0,
        "gas": gas_limit(estimate, view.block_gas_limit),
        "maxFeePerGas": view.fees.max_fee_wei,
        "maxPriorityFeePerGas": view.fees.tip_wei,
    }
    signed = deployer.sign_transaction(transaction)
    known = rpc(web3, "eth_sendRawTransaction", to_hex(bytes(signed.raw_transaction)))
    return _created(web3, name, known)


def _created(web3: Web3, name: str, transaction_hash: str) -> Address:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        receipt = rpc(web3, "eth_getTransactionReceipt", transaction_hash)
        if receipt is None:
            time.sleep(0.1)
        elif quantity(receipt["status"]) == 1:
            return parse_address(receipt["contractAddress"])
        else:
            raise ChainRejected(f"the deployment of {name} reverted: {transaction_hash}")
    raise ChainUnavailable(f"{name} was not mined within {_TIMEOUT_SECONDS} s")
