"""What the chain says, as tables: made from its events alone, so always possible to make again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from market.store.tables import metadata
from market.store.types import Address, Digest, JsonText, Wei

chain_cursor = Table(
    "chain_cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("cursor", JsonText, nullable=False),
    Column("head_at", BigInteger, nullable=False),
)

chain_events = Table(
    "chain_events",
    metadata,
    Column("block_number", BigInteger, primary_key=True),
    Column("log_index", Integer, primary_key=True),
    Column("block_hash", Digest, nullable=False),
    Column("transaction_hash", Digest, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("args", JsonText, nullable=False),
)

chain_jobs = Table(
    "chain_jobs",
    metadata,
    Column("job_id", Digest, primary_key=True),
    Column("requester", Address, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("committed_tasks", Integer, nullable=False, server_default="0"),
    Column("settled_tasks", Integer, nullable=False, server_default="0"),
    Column("open_leases", Integer, nullable=False, server_default="0"),
    # No task from here on was ever committed.
    Column("frontier", Integer, nullable=False, server_default="0"),
    Column("paid_wei", Wei, nullable=False),
    Column("audit_fees_wei", Wei, nullable=False),
    Column("refunded_wei", Wei, nullable=False),
    Column("cancelled_at", BigInteger, nullable=False, server_default="0"),
    Column("closed_at", BigInteger, nullable=False, server_default="0"),
)

chain_batches = Table(
    "chain_batches",
    metadata,
    Column("batch_id", Digest, primary_key=True),
    Column("operator", Address, nullable=False),
    Column("lease_count", Integer, nullable=False),
    Column("commit_block", BigInteger, nullable=False),
    Column("committed_at", BigInteger, nullable=False),
    # Kept on chain; null while it only follows from a block that the chain still remembers.
    Column("seed", Digest),
    # From then on the chain knows nothing of it.
    Column("finished_at", BigInteger, index=True),
    # `Batch.to_json`: whoever does something about a batch brings all of it along.
    Column("content", JsonText, nullable=False),
)

chain_leases = Table(
    "chain_leases",
    metadata,
    Column("lease_id", Digest, primary_key=True),
    Column("batch_id", Digest, nullable=False, index=True),
    Column("line", Integer, nullable=False),
    Column("job_id", Digest, nullable=False, index=True),
    Column("provider", Address, nullable=False, index=True),
    Column("first_task", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("amount_wei", Wei, nullable=False),
    Column("result_root", Digest, nullable=False),
    Column("audit_rate_ppm", Integer, nullable=False),
    Column("committed_at", BigInteger, nullable=False),
    Column("dispute_id", BigInteger),
    Column("settled_at", BigInteger),
    Column("settled_in", Digest),
    Column("released_at", BigInteger),
)

chain_audits = Table(
    "chain_audits",
    metadata,
    Column("lease_id", Digest, primary_key=True),
    Column("task", Integer, primary_key=True),
    Column("round", Integer, primary_key=True),
    Column("job_id", Digest, nullable=False, index=True),
    Column("batch_id", Digest, nullable=False),
    Column("verifier", Address, nullable=False, index=True),
    Column("fee_wei", Wei, nullable=False),
    Column("transaction_hash", Digest, nullable=False),
    # Who got the fee in the end, the verifier or the job's requester; null while it waits.
    Column("payee", Address),
    Column("paid_in", Digest),
)

chain_disputes = Table(
    "chain_disputes",
    metadata,
    Column("dispute_id", BigInteger, primary_key=True, autoincrement=False),
    Column("lease_id", Digest, nullable=False, index=True),
    Column("batch_id", Digest, nullable=False),
    Column("job_id", Digest, nullable=False, index=True),
    Column("task", Integer, nullable=False),
    Column("provider", Address, nullable=False, index=True),
    Column("challenger", Address, nullable=False),
    Column("opened_block", BigInteger, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    # Which block draws the committee; null until it is called.
    Column("seed_block", BigInteger),
    Column("members", JsonText),
    Column("commit_by", BigInteger),
    Column("reveal_by", BigInteger),
    Column("open_by", BigInteger),
    Column("votes", Integer, nullable=False, server_default="0"),
    Column("reveals", Integer, nullable=False, server_default="0"),
    Column("is_claim_opened", Boolean, nullable=False),
    Column("is_conceded", Boolean, nullable=False),
    Column("resolved_at", BigInteger),
    Column("verdict", Integer),
    Column("slashed_wei", Wei, nullable=False),
    Column("slash_transaction", Digest),
    # What the provider had committed by this block is forfeited; null if it only conceded.
    Column("slash_block", BigInteger),
)

# Forgotten and made anew from chain_events after a reorganisation.
PROJECTIONS = (
    chain_jobs,
    chain_batches,
    chain_leases,
    chain_audits,
    chain_disputes,
)
