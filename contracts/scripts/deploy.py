"""Puts a market on the chain at FALLOW_RPC_URL: run deploy main PLAN, paid by FALLOW_KEY_FILE.

A plan comes from `python -m deploy.plan`; read it before you deploy it. Only the shipped bytecode
is deployed. `run deploy check PLAN` holds a running market against a plan.
"""

import json
import os
import re
from pathlib import Path

from brownie import accounts, chain, web3
from brownie.convert import to_address
from brownie.exceptions import VirtualMachineError
from scripts.answers import Refused, operator_script
from scripts.views import artifact, at, deployed, plain_views, read
from web3.exceptions import Web3Exception

# In this order: terms that are refused cost nothing yet. A constructor's parameter that is named
# after a role gets that role's address.
ROLES = {
    "terms": "Terms",
    "token": "CreditToken",
    "beacon": "BlockhashBeacon",
    "market": "Market",
    "arbiter": "CommitteeArbiter",
}
# What a market's deployment.json has; Market tells the rest.
DEPLOYMENT = ("chain_id", "token", "market", "arbiter", "beacon", "deployed_block")


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
    _same("token.totalSupply", supply_wei, plan["initialSupplyWei"])
    _same("deployer.walletWei", read(contracts["token"], "balanceOf", deployer.address), supply_wei)
    made = {"chain_id": chain.id, **addresses, "deployed_block": blocks[0]}
    deployment = {name: made[name] for name in DEPLOYMENT}
    return {**made, "deployer": deployer.address, **report}, deployment


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
    for name, found in report["terms"]["params"].items():
        _same(name, found, plan["params"][name])
    _same("token.minter", report["token"]["minter"], plan["minter"])
    return report


def _same(what, found, wanted):
    if found != wanted:
        raise Refused(f"{what}: {found} stands on chain, not {wanted}")


def _create(deployer, role, given):
    """Send one deployment and await it; returns its block's number."""
    shipped = artifact(ROLES[role])
    values = [_value(entry, given) for entry in _constructor(shipped)]
    factory = web3.eth.contract(abi=shipped["abi"], bytecode=shipped["bytecode"])
    try:
        receipt = deployer.transfer(data=factory.constructor(*values).data_in_transaction)
    except (ValueError, VirtualMachineError, Web3Exception) as error:
        reason = str(error).partition(". This transaction")[0]  # then comes advice to force it
        raise Refused(f"the chain refuses {ROLES[role]}: {reason}") from None
    if receipt.contract_address != given[role]:
        raise Refused("the deployer sent other transactions meanwhile; deploy again")
    return receipt.block_number


def _constructor(shipped):
    return next((e["inputs"] for e in shipped["abi"] if e["type"] == "constructor"), [])


def _value(entry, given):
    value = given[entry["name"].rstrip("_")]
    is_struct = entry["type"] == "tuple"
    return tuple(value[part["name"]] for part in entry["components"]) if is_struct else value


def _plan(file):
    """A plan under the contracts' names: `seat_stake_wei` is `seatStakeWei` there."""
    try:
        plan = _camel(json.loads(Path(file).read_text()))
        plan["params"] = {name: int(value) for name, value in plan["params"].items()}
        plan["minter"] = to_address(plan["minter"])
        plan["initialSupplyWei"] = int(plan["initialSupplyWei"])
    except KeyError as error:
        raise Refused(f"the plan {file} lacks {error}") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise Refused(f"cannot read the plan {file}: {error}") from None
    (params,) = _constructor(artifact(ROLES["terms"]))
    names = {part["name"] for part in params["components"]}
    if names != set(plan["params"]):
        raise Refused(f"the plan's params are not {', '.join(sorted(names))}")
    return plan


def _camel(value):
    if not isinstance(value, dict):
        return value
    return {re.sub("_(.)", lambda m: m[1].upper(), k): _camel(v) for k, v in value.items()}


def _deployer():
    file = os.environ.get("FALLOW_KEY_FILE")
    if not file:
        raise Refused("set FALLOW_KEY_FILE: the key of the account that deploys")
    try:
        is_private = not Path(file).stat().st_mode & 0o077
        account = _account(file) if is_private else None
    except OSError as error:
        raise Refused(f"cannot read {error.filename}: {error.strerror}") from None
    except ValueError:
        # Never quote what was read, nor the cause: either may hold the key.
        raise Refused(f"{file} holds no private key, or the password is wrong") from None
    if not account:
        raise Refused(f"others may read {file}; run: chmod 600 {file}")
    return account


def _account(file):
    """The account of a hex key, or of a keystore whose password is asked for."""
    accounts.clear()  # what the node could sign for, Brownie would have it sign
    text = Path(file).read_text().strip()
    if text.startswith("{"):
        password_file = os.environ.get("FALLOW_KEY_PASSWORD_FILE")
        password = Path(password_file).read_text().rstrip("\r\n") if password_file else None
        return accounts.load(file, password)
    if not re.fullmatch("(0x)?[0-9a-fA-F]{64}", text):
        raise ValueError  # a cut-off key would be another account's
    return accounts.add(text)
