"""What the chain knows: run inspect job|batch|account|dispute ID; run inspect for the market."""

from scripts.answers import Refused, operator_script
from scripts.views import at, deployed, is_blank, plain_views, read


@operator_script
def main():
    """The market itself: its parts, its counters and its terms."""
    market = deployed("Market")
    views = {name: read(market, name) for name in plain_views(market) if name != "eip712Domain"}
    params = read(at("Terms", views["terms"]), "params")
    return {"market": market.address, **views, "params": params}


@operator_script
def job(job_id):
    """A job, by the digest that its requester signed."""
    return _known("job", job_id)


@operator_script
def batch(batch_id):
    """A batch of committed leases."""
    return _known("batch", batch_id)


@operator_script
def dispute(dispute_id):
    """A contested task, and the committee that decides it."""
    found = _known("dispute", dispute_id)
    return {**found, "committee": read(deployed("CommitteeArbiter"), "committee", dispute_id)}


@operator_script
def account(owner):
    """An account's money in the market, and the tokens in its wallet."""
    found = read(deployed("Market"), "account", owner)
    wallet_wei = read(deployed("CreditToken"), "balanceOf", owner)
    return {"account": str(owner), **found, "walletWei": wallet_wei}


def _known(view, given):
    found = read(deployed("Market"), view, given)
    if is_blank(found):
        raise Refused(f"the market knows no {view} {given}")
    return {view: str(given), **found}
