"""What the chain published once and keeps only a hash of: signed jobs, and batches."""

import os

from brownie import web3
from brownie.convert import to_address
from scripts.answers import Refused
from scripts.views import deployed, fields, parse
from web3.exceptions import Web3Exception

# An endpoint that refuses to search so few blocks will not search at all.
FEW_BLOCKS = 1000
_ADDRESS_BITS = 160
# From the lowest bit, as types/LeaseTerms.sol packs them.
_TERMS = (("job", 8), ("provider", 8), ("firstTask", 32), ("count", 16), ("amountWei", 96))


def opened_job(job_id):
    """The `Job` that was opened under an id; None if none was."""
    event = _published("JobOpened", "jobId", job_id)
    return event and event["job"]


def committed_batch(batch_id, block=0):
    """The `Batch` of an id, its words unpacked; None if there is none. `block`: its, if known."""
    event = _published("BatchCommitted", "batchId", batch_id, block)
    return event and _unpacked(event["batch"])


def _unpacked(batch):
    jobs = [(job["jobId"], *_split(job["owner"])) for job in batch["jobs"]]
    parties = [_split(word) for word in batch["providers"]]
    return {
        "operator": batch["operator"],
        "jobs": [{"jobId": i, "requester": r, "taskCount": n} for i, r, n in jobs],
        "providers": [{"wallet": wallet, "stakeWei": stake} for wallet, stake in parties],
        "lines": [_line(**line) for line in batch["lines"]],
    }


def _line(terms, **hashes):
    numbers = {}
    for name, bits in _TERMS:
        numbers[name] = terms & ((1 << bits) - 1)
        terms >>= bits
    return {**hashes, **numbers}


def _split(word):
    """An address and the number above it."""
    address = word & ((1 << _ADDRESS_BITS) - 1)
    return str(to_address(f"0x{address:040x}")), word >> _ADDRESS_BITS


def _published(name, key, given, block=0):
    """The fields of the one event `name` whose first, `key`, is `given`."""
    market = deployed("Market")
    shape = next(e for e in market.abi if e["type"] == "event" and e["name"] == name)
    wanted = {key: parse(shape["inputs"][0], given)}
    event = web3.eth.contract(address=market.address, abi=[shape]).events[name]()
    first = block or int(os.environ.get("FALLOW_DEPLOYED_BLOCK", "0"))
    found = _search(event, wanted, first, block or web3.eth.block_number)
    return fields(shape["inputs"], found[0]["args"]) if found else None


def _search(event, wanted, first, last):
    """The matching logs of a stretch of blocks; by halves, the later first, if it is too long."""
    try:
        return event.get_logs(argument_filters=wanted, from_block=first, to_block=last)
    except (ValueError, Web3Exception) as error:
        if last - first < FEW_BLOCKS:
            raise Refused(f"the chain's endpoint tells no events: {error}") from None
    middle = (first + last) // 2
    return _search(event, wanted, middle + 1, last) or _search(event, wanted, first, middle)
