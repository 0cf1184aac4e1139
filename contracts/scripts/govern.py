"""Changes the terms of disputes, after a notice: run govern propose DISPUTE_BOND_WEI SLASH_MULTIPLE
CONCEDE_MULTIPLE COMMITTEE_SIZE, by the governor's key at FALLOW_KEY_FILE; run govern enact, by
anybody's, once the notice is over. run govern withdraw takes a proposal back, run govern show tells
what counts and what is proposed.
"""

from brownie import web3
from scripts.answers import operator_script
from scripts.sending import send, sender
from scripts.views import at, deployed, parse, read


@operator_script
def propose(dispute_bond_wei, slash_multiple, concede_multiple, committee_size):
    """Announce these terms for disputes; whatever was announced before is replaced."""
    terms = _terms()
    (entry,) = next(e["inputs"] for e in terms.abi if e.get("name") == "propose")
    given = (dispute_bond_wei, slash_multiple, concede_multiple, committee_size)
    parts = zip(entry["components"], given, strict=True)
    return _sent(terms, "propose", tuple(parse(part, value) for part, value in parts))


@operator_script
def withdraw():
    """Take the proposal back."""
    return _sent(_terms(), "withdrawProposal")


@operator_script
def enact():
    """Make what was proposed count, for all disputes that are opened from now on."""
    return _sent(_terms(), "enact")


@operator_script
def show():
    """Who governs, what counts for disputes, what is proposed, and whether it can be enacted."""
    return _governed(_terms())


def _terms():
    return at("Terms", read(deployed("Market"), "terms"))


def _sent(terms, function, *values):
    data = getattr(terms, function).encode_input(*values)
    receipt = send(sender(), function, to=terms.address, data=data)
    return {"transaction": receipt.txid, **_governed(terms)}


def _governed(terms):
    proposal = read(terms, "proposal")
    now = web3.eth.get_block("latest")["timestamp"]
    return {
        "governor": read(terms, "governor"),
        "noticeSeconds": read(terms, "noticeSeconds"),
        "current": read(terms, "disputeTerms"),
        "proposal": proposal if proposal["noticeEndsAt"] else None,
        "canBeEnacted": proposal["noticeEndsAt"] < now <= proposal["lapsesAt"],
    }
