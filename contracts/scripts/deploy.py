"""Puts a market on the chain at FALLOW_RPC_URL: run deploy main PLAN, paid by FALLOW_KEY_FILE.

A plan comes from `python -m deploy.plan`; read it before you deploy it. Only the shipped bytecode
is deployed. `run deploy check PLAN` holds a running market against a plan.
"""

import json
import re
from pathlib import Path

from brownie import chain, web3
from brownie.convert import to_address
from scripts.answers import Refused, operator_script
from scripts.sending import send, sender
from scripts.views import artifact, at, deployed, plain_views, read

# In this order: terms that are refused cost nothing yet. A constructor's parameter that is named
# after a role gets that role's address.
ROLES = {
    "terms": "Terms",
    "token": "CreditToken",
    "beacon": "BlockhashBeacon",
    "annex": "Annex",
    "market": "Market",
    "arbiter": "CommitteeArbiter",
}
ARBITERS = {"committee": "CommitteeArbiter", "bisection": "BisectionArbiter"}
# What a market's deployment.json has; Market tells the rest.
DEPLOYMENT = ("chain_id", "token", "market", "arbiter", "beacon", "deployed_block")


@operator_script
def main(plan_file):
    """Deploy what the plan says, and check what came out."""
    plan = _plan(plan_file)
    deployer = sender()
    nonce = web3.eth.get_transaction_count(deployer.address)
    # Annex and Market are told of the arbiter before there is one: every address is foreseen.
    addresses = {
        role: deployer.get_deployment_address(nonce + place) for place, role in enumerate(ROLES)
    }
    given = {**plan, **addresses}
    names = _names(plan)
    blocks = [_create(deployer, role, name, given) for role, name in names.items()]
    contracts = {role: at(name, addresses[role]) for role, name in names.items()}
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
    plan = _plan(plan_file)
    market = deployed("Market")
    addresses = {role: read(market, role) for role in ROLES if role in plain_views(market)}
    addresses["market"] = market.address
    contracts = {role: at(name, addresses[role]) for role, name in _names(plan).items()}
    return _verified(contracts, plan)


def _names(plan):
    """Which contract has each role."""
    return {**ROLES, "arbiter": ARBITERS[plan["arbiter"]]}


def _verified(contracts, plan):
    """Every parameter and role as it stands; refuses at the first that is not as planned."""
    report = {}
    for role, contract in contracts.items():
        report[role] = _facts(role, contract, contracts)
        for name, found in report[role].items():
            if name in contracts:
                _same(f"{role}.{name}", found, contracts[name].address)
        domain = report[role].get("eip712Domain")
        if domain:
            _same(f"{role}'s signing chain", domain["chainId"], chain.id)
            _same(f"{role}'s signing contract", domain["verifyingContract"], contract.address)
    for name, found in report["terms"]["params"].items():
        _same(name, found, plan["params"][name])
    for name, wanted in plan.get("times", {}).items():
        _same(f"arbiter.{name}", report["arbiter"]["times"][name], wanted)
    _same("token.minter", report["token"]["minter"], plan["minter"])
    for role in ("guardian", "governor"):
        _same(f"terms.{role}", report["terms"][role], plan[role])
    _same("terms.noticeSeconds", report["terms"]["noticeSeconds"], _notice(plan["params"]))
    return report


def _notice(params):
    """An unstaking delay and the longest dispute: how long a governor's proposal must wait."""
    phases = ("disputeWindow", "concede", "commit", "reveal", "open", "unstakeDelay")
    return sum(params[f"{phase}Seconds"] for phase in phases)


def _facts(role, contract, contracts):
    """What a contract says of itself. At its own address the annex keeps only its parts."""
    views = plain_views(contract)
    if role == "annex":
        views = [name for name in views if name in contracts]
    facts = {name: read(contract, name) for name in views}
    if role == "market":  # the annex answers it there too, though `IMarket` does not promise it
        facts["eip712Domain"] = read(at("Annex", contract.address), "eip712Domain")
    return facts


def _same(what, found, wanted):
    if found != wanted:
        raise Refused(f"{what}: {found} stands on chain, not {wanted}")


def _create(deployer, role, name, given):
    """Send one deployment and await it; returns its block's number."""
    shipped = artifact(name)
    values = [_value(entry, given) for entry in _constructor(shipped)]
    factory = web3.eth.contract(abi=shipped["abi"], bytecode=shipped["bytecode"])
    data = factory.constructor(*values).data_in_transaction
    receipt = send(deployer, name, data=data)
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
        plan["arbiter"] = plan.get("arbiter", "committee")
        if plan["arbiter"] not in ARBITERS:
            raise Refused(f"the plan's arbiter is none of {', '.join(ARBITERS)}")
        if (plan["arbiter"] == "bisection") != ("times" in plan):
            raise Refused("a plan has times with the arbiter bisection, and only with it")
        plan["params"] = {name: int(value) for name, value in plan["params"].items()}
        plan["minter"] = to_address(plan["minter"])
        plan["guardian"] = to_address(plan["guardian"])
        plan["governor"] = to_address(plan["governor"])
        plan["initialSupplyWei"] = int(plan["initialSupplyWei"])
    except KeyError as error:
        raise Refused(f"the plan {file} lacks {error}") from None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise Refused(f"cannot read the plan {file}: {error}") from None
    params = next(e for e in _constructor(artifact(ROLES["terms"])) if e["type"] == "tuple")
    names = {part["name"] for part in params["components"]}
    if names != set(plan["params"]):
        raise Refused(f"the plan's params are not {', '.join(sorted(names))}")
    return plan


def _camel(value):
    if not isinstance(value, dict):
        return value
    return {re.sub("_(.)", lambda m: m[1].upper(), k): _camel(v) for k, v in value.items()}
