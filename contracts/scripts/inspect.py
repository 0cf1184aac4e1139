"""What the chain knows: run inspect job|batch|account|dispute ID; run inspect for the market."""

from scripts.answers import Refused, operator_script
from scripts.records import committed_batch, opened_job
from scripts.views import at, deployed, is_blank, plain_views, read

# Bit by bit, as types/JobState.sol's `JobWords`.
FLAGS = ("opened", "cancelled", "closed", "released")


@operator_script
def main():
    """The market itself: its parts, its counters and its terms."""
    market = deployed("Market")
    views = {name: read(market, name) for name in plain_views(market)}
    terms = at("Terms", views["terms"])
    facts = {name: read(terms, name) for name in plain_views(terms)}
    return {"market": market.address, **views, **facts}


@operator_script
def job(job_id):
    """A job, by the digest that its requester signed: where it stands, and what was signed."""
    found = _known("job", job_id)
    flags = [name for bit, name in enumerate(FLAGS) if found["flags"] >> bit & 1]
    signed = opened_job(job_id)
    if signed is None:  # it was cancelled before anybody opened it
        return {**found, "flags": flags}
    status = read(deployed("Market"), "statusOf", tuple(signed.values()))
    return {**found, "flags": flags, "status": status, "signed": signed}


@operator_script
def batch(batch_id):
    """A batch of committed leases: where it stands, its seed, and what was published of it."""
    market = deployed("Market")
    state = read(market, "batch", batch_id)
    published = committed_batch(batch_id, state["commitBlock"])
    if published is None:
        raise Refused(f"the market knows no batch {batch_id}")
    if is_blank(state):  # the chain forgets a batch when its last lease is paid or released
        return {"batch": batch_id, "isFinished": True, **published}
    for place, line in enumerate(published["lines"]):
        line["isFinished"] = bool(state["finishedBits"] >> place & 1)
        line["isDisputed"] = bool(state["disputedBits"] >> place & 1)
    terms = read(at("Terms", read(market, "terms")), "params")
    seed = read(market, "seedOf", batch_id)
    return {
        "batch": batch_id,
        "isFinished": False,
        **state,
        "windowEndsAt": state["committedAt"] + terms["disputeWindowSeconds"],
        "seed": None if is_blank(seed) else seed,
        **published,
    }


@operator_script
def dispute(dispute_id):
    """A contested task, and the committee that decides it."""
    found = _known("dispute", dispute_id)
    is_moot = read(deployed("Market"), "isMoot", dispute_id)
    committee = read(deployed("CommitteeArbiter"), "committee", dispute_id)
    return {**found, "isMoot": is_moot, "committee": committee}


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
    state = found.pop("state", {})  # `job` answers a struct and what stands apart from it
    return {view: str(given), **state, **found}
