"""Puts a market on the chain at FALLOW_RPC_URL: run deploy main PLAN, paid by FALLOW_KEY_FILE.

A plan comes from `python -m deploy.plan`; read it before you deploy it. Only the shipped bytecode
is deployed. `run deploy check PLAN` holds a running market against a plan.
"""

import json
import os
import re
from pathlib import Path

from brownie import accounts, chain, web3
from brownie.exceptions import VirtualMachineError
from scripts.answers import Refused, operator_script
from scripts.views import artifact, at, deployed, plain_views, read

# In this order: terms that are refused cost nothing yet. A constructor's parameter that is named
# after a role gets that role's address.
ROLES = {
    "terms": "Terms",
    "token": "CreditToken",
    "beacon": "BlockhashBeacon",
    "market": "Market",
    "arbiter": "CommitteeArbiter",
}


@operator_script
def main(plan_file):
    """Deploy what the plan says, and check what came out."""
    plan = _plan(plan_file)
    deployer = _deployer()
    nonce = web3.eth.get_transaction_count(deployer.address)
    # Market is told of its arbiter before there is one, so every address is known beforehand.
    addresses = {
        role: deployer.get_deployment_address(nonce + place) for place, role in enumerate(ROLES)
    }
    given = {**plan, **addresses}
    blocks = [_create(deployer, role, given) for role in ROLES]
    contracts = {role: at(name, addresses[role]) for role, name in ROLES.items()}
    report = _verified(contracts, plan)
    supply_wei = read(contracts["token"], "totalSupply")
    _same("token.totalSupply", supply_wei, int(plan["initialSupplyWei"]))
    _same("deployer.walletWei", read(contracts["token"], "balanceOf", deployer.address), supply_wei)
    deployment = {"chain_id": chain.id, **addresses, "deployed_block": blocks[0]}
    del deployment["terms"]  # Market tells it
    return {**deployment, "deployer": deployer.address, **report}, deployment


@operator_script
def check(plan_file):
    """Compare the parameters and roles of the running market with a plan."""
    market = deployed("Market")
    addresses = {role: read(market, role) for role in ROLES if role in plain_views(market)}
    addresses["market"] = market.address
    contracts = {role: at(name, addresses[role]) for role, name in ROLES.items()}
    return _verified(contracts, _plan(plan_file))


def _verified(contracts, plan):
    """Every parameter and role as it stands; refuses at the first that is not as planned."""
    report = {}
    for role, contract in contracts.items():
        report[role] = {name: read(contract, name) for name in plain_views(contract)}
        for name, found in report[role].items():
            if name in contracts:
                _same(f"{role}.{name}", found, contracts[name].address)
        domain = report[role].get("eip712Domain")
        if domain:
            _same(f"{role}'s signing chain", domain["chainId"], chain.id)
            _same(f"{role}'s signing contract", domain["verifyingContract"], contract.address)
    params = report["terms"]["params"]
    _same("the parameters' names", sorted(params), sorted(plan["params"]))
    for name, found in params.items():
        _same(name, found, plan["params"][name])
    _same("token.minter", report["token"]["minter"], plan["minter"])
    return report


def _same(what, found, wanted):
    if found != wanted:
        raise Refused(f"{what}: {found} stands on chain, not {wanted}")


def _create(deployer, role, given):
    """Send one deployment and await it; returns its block's number."""
    shipped = artifact(ROLES[role])
    constructor = next((e for e in shipped["abi"] if e["type"] == "constructor"), {"inputs": []})
    values = [_value(entry, given) for entry in constructor["inputs"]]
    factory = web3.eth.contract(abi=shipped["abi"], bytecode=shipped["bytecode"])
    try:
        receipt = deployer.transfer(data=factory.constructor(*values).data_in_transaction)
    except (ValueError, VirtualMachineError) as error:
        reason = str(error).partition(". This transaction")[0]  # then comes advice to force it
        raise Refused(f"the chain refuses {ROLES[role]}: {reason}") from None
    if receipt.contract_address != given[role]:
        raise Refused("the deployer sent other transactions meanwhile; deploy again")
    return receipt.block_number


def _value(entry, given):
    value = given[entry["name"].rstrip("_")]
    if entry["type"] == "tuple":
        return tuple(value[part["name"]] for part in entry["components"])
    return int(value) if entry["type"].startswith("uint") else value


def _plan(file):
    """A plan under the contracts' names: `seat_stake_wei` is `seatStakeWei` there."""
    try:
        plan = _camel(json.loads(Path(file).read_text()))
        plan["params"] = {name: int(value) for name, value in plan["params"].items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise Refused(f"cannot read the plan {file}: {error}") from None
    missing = {"params", "minter", "initialSupplyWei"} - set(plan)
    if missing:
        raise Refused(f"the plan {file} lacks {', '.join(sorted(missing))}")
    return plan


def _camel(value):
    if not isinstance(value, dict):
        return value
    return {re.sub("_(.)", lambda m: m[1].upper(), k): _camel(v) for k, v in value.items()}


def _deployer():
    file = os.environ.get("FALLOW_KEY_FILE")
    if not file:
        raise Refused("set FALLOW_KEY_FILE: the key of the account that deploys")
    path = Path(file)
    try:
        if path.stat().st_mode & 0o077:
            raise Refused(f"others may read {file}; run: chmod 600 {file}")
        text = path.read_text().strip()
        return accounts.load(file) if text.startswith("{") else accounts.add(text)
    except OSError as error:
        raise Refused(f"cannot read {file}: {error.strerror}") from None
    except ValueError:
        # Never quote what was read, nor the cause: either may hold the key.
        raise Refused(f"{file} holds no private key, or the password is wrong") from None
