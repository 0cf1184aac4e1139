"""Prints a plan of a deployment: an operator reads it, contracts/scripts/deploy.py does it."""

from __future__ import annotations

import argparse
import json

from protocol.chain import params
from protocol.units import WEI_PER_CREDIT, parse_address

PARAMS = {"development": params.development, "production": params.production}
GAMES = {"development": params.development_games, "production": params.production_games}
ARBITERS = ("committee", "bisection")
NOBODY = "0x" + "00" * 20


def main() -> None:
    """Print the plan as JSON."""
    parser = argparse.ArgumentParser(prog="python -m deploy.plan", description=__doc__)
    parser.add_argument("params", choices=PARAMS, help="the terms to start from")
    parser.add_argument("--supply", type=int, default=10**9, help="credits for the deployer")
    parser.add_argument("--minter", default=NOBODY, help="who may mint more for ever; nobody")
    parser.add_argument("--guardian", default=NOBODY, help="who may pause intake; nobody")
    parser.add_argument("--governor", default=NOBODY, help="who may change disputes' terms; nobody")
    parser.add_argument("--arbiter", choices=ARBITERS, default=ARBITERS[0], help="who judges")
    options = parser.parse_args()
    terms, games = PARAMS[options.params](), GAMES[options.params]()
    is_bisected = options.arbiter == "bisection"
    plan = {
        "params": (params.with_games(terms, games) if is_bisected else terms).to_json(),
        "arbiter": options.arbiter,
        "initial_supply_wei": str(options.supply * WEI_PER_CREDIT),
        "minter": parse_address(options.minter),
        "guardian": parse_address(options.guardian),
        "governor": parse_address(options.governor),
    }
    if is_bisected:
        plan["times"] = games.to_json()
    print(json.dumps(plan, indent=2))


if __name__ == "__main__":
    main()
