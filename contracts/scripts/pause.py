"""Keeps new money out of the market for a while: run pause main SECONDS, by the guardian's key at
FALLOW_KEY_FILE. What is inside can leave all the same. run pause show tells until when.
"""

from brownie import web3
from scripts.answers import operator_script
from scripts.sending import send, sender
from scripts.views import at, deployed, parse, read


@operator_script
def main(seconds):
    """Pause intake for so many seconds from now."""
    market = deployed("Market")
    (entry,) = next(e["inputs"] for e in market.abi if e.get("name") == "pauseIntake")
    data = market.pauseIntake.encode_input(parse(entry, seconds))
    receipt = send(sender(), "pauseIntake", to=market.address, data=data)
    return {"transaction": receipt.txid, **_pause(market)}


@operator_script
def show():
    """Who may pause intake, until when it is paused, and from when it can be again."""
    return _pause(deployed("Market"))


def _pause(market):
    pause = read(market, "intakePause")
    now = web3.eth.get_block("latest")["timestamp"]
    guardian = read(at("Terms", read(market, "terms")), "guardian")
    return {"guardian": guardian, "isPaused": now < pause["pausedUntil"], **pause}
