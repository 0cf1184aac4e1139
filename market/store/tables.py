"""What the market itself keeps: signed messages, grants and results. All times are Unix seconds.

Facts only: statuses are derived (`protocol.lifecycle`). What the chain says is in `projected`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from market.store.types import Address, BlobName, Digest, JsonText, Wei

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

logins = Table(
    "logins",
    metadata,
    Column("account", Address, primary_key=True),
    Column("nonce", Digest, primary_key=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Digest, primary_key=True),
    Column("account", Address, nullable=False, index=True),
    Column("wallet", Address, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

blobs = Table(
    "blobs",
    metadata,
    Column("blob_id", BlobName, primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    # Outcome.digest of these bytes, taken while they arrived: results are checked against it.
    Column("outcome_digest", Digest, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

# Who proved to have the bytes by sending them; knowing a digest alone entitles to nothing.
blob_owners = Table(
    "blob_owners",
    metadata,
    Column("account", Address, primary_key=True),
    Column("blob_id", BlobName, ForeignKey("blobs.blob_id"), primary_key=True),
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Digest, primary_key=True),
    Column("requester", Address, nullable=False),
    Column("message", JsonText, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("spec", JsonText, nullable=False),
    Column("label", String(80), nullable=False),
    Column("task_count", Integer, nullable=False),
    Column("max_price_wei", Wei, nullable=False),
    Column("audit_budget_wei", Wei, nullable=False),
    Column("total_wei", Wei, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("deadline", BigInteger, nullable=False),
    Column("nonce", Wei, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_fence", BigInteger, nullable=False, server_default="0"),
    Column("rejected_because", Text),
    Column("cancel_signature", LargeBinary),
    # Set once: why the market leases nothing of it any more, though it is open.
    Column("stopped_because", Text),
    Index("ix_jobs_requester_created_at_job_id", "requester", "created_at", "job_id"),
    # The chain tells jobs apart by all they say; a requester that tries again says something new.
    UniqueConstraint("requester", "nonce"),
)

job_blobs = Table(
    "job_blobs",
    metadata,
    Column("job_id", Digest, ForeignKey("jobs.job_id"), primary_key=True),
    Column("blob_id", BlobName, ForeignKey("blobs.blob_id"), primary_key=True),
    Index("ix_job_blobs_blob_id", "blob_id"),
)

tasks = Table(
    "tasks",
    metadata,
    Column("job_id", Digest, ForeignKey("jobs.job_id"), primary_key=True),
    Column("task", Integer, primary_key=True),
    Column("input_blob", BlobName, nullable=False),
    # The lease whose result counts, or that is at it; null while the task waits.
    Column("lease_id", Digest),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("was_slashed", Boolean, nullable=False, server_default=text("false")),
    Index("ix_tasks_input_blob", "input_blob"),
    Index("ix_tasks_lease_id", "lease_id"),
    Index(
        "ix_tasks_waiting",
        "job_id",
        "task",
        sqlite_where=text("lease_id IS NULL"),
        postgresql_where=text("lease_id IS NULL"),
    ),
    sqlite_with_rowid=False,
)

offers = Table(
    "offers",
    metadata,
    Column("device", Address, primary_key=True),
    Column("provider", Address, nullable=False),
    Column("offer_id", Digest, nullable=False, unique=True),
    Column("message", JsonText, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("ask_wei", Wei, nullable=False),
    Column("nonce", Wei, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("is_withdrawn", Boolean, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Index("ix_offers_ask_wei", "ask_wei"),
)

# How a device has behaved: what its quota and its back-off are made from.
devices = Table(
    "devices",
    metadata,
    Column("device", Address, primary_key=True),
    Column("finished_leases", Integer, nullable=False),
    Column("failures_in_row", Integer, nullable=False),
    Column("backoff_until", BigInteger, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("lease_id", Digest, primary_key=True),
    Column("job_id", Digest, ForeignKey("jobs.job_id"), nullable=False),
    Column("provider", Address, nullable=False),
    Column("device", Address, nullable=False),
    Column("first_task", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("price_wei", Wei, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("granted_at_ms", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("last_expiry_at", BigInteger, nullable=False),
    Column("tasks_done", Integer, nullable=False, server_default="0"),
    Column("finished_at_ms", BigInteger),
    # Set once, together with why, when the lease no longer counts; never together with nothing.
    Column("ended_at", BigInteger),
    Column("fault", String(8)),  # lifecycle.Fault
    Column("end_reason", String(64)),  # a code: the device's, or of `market.leases.faults`
    Column("end_detail", Text),
    Column("amount_wei", Wei),
    Column("result_root", Digest),
    Column("signature", LargeBinary),
    Column("lease_salt", Digest),
    Column("batch_key", String(100), index=True),
    Index("ix_leases_job_id_device", "job_id", "device"),
    Index("ix_leases_provider_granted_at_ms", "provider", "granted_at_ms"),
    Index(
        "ix_leases_erred",
        "device",
        "ended_at",
        sqlite_where=text("fault = 'error'"),
        postgresql_where=text("fault = 'error'"),
    ),
    Index(
        "ix_leases_refuted",
        "job_id",
        "device",
        sqlite_where=text("end_reason = 'not_deterministic'"),
        postgresql_where=text("end_reason = 'not_deterministic'"),
    ),
    Index(
        "ix_leases_running",
        "device",
        sqlite_where=text("finished_at_ms IS NULL AND ended_at IS NULL"),
        postgresql_where=text("finished_at_ms IS NULL AND ended_at IS NULL"),
    ),
    Index(
        "ix_leases_to_commit",
        "finished_at_ms",
        sqlite_where=text("finished_at_ms IS NOT NULL AND batch_key IS NULL AND ended_at IS NULL"),
        postgresql_where=text(
            "finished_at_ms IS NOT NULL AND batch_key IS NULL AND ended_at IS NULL"
        ),
    ),
)

results = Table(
    "results",
    metadata,
    Column("lease_id", Digest, ForeignKey("leases.lease_id"), primary_key=True),
    Column("task", Integer, primary_key=True),
    Column("output_blob", BlobName, ForeignKey("blobs.blob_id")),
    Column("failure", String(32)),
    Column("digest", Digest, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Index("ix_results_output_blob", "output_blob"),
    sqlite_with_rowid=False,
)

# Who may fetch a task's inputs without a lease: drawn verifiers and committee members.
audit_grants = Table(
    "audit_grants",
    metadata,
    Column("account", Address, primary_key=True),
    Column("job_id", Digest, primary_key=True),
    Column("task", Integer, primary_key=True),
    Column("granted_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["job_id", "task"], ["tasks.job_id", "tasks.task"]),
)

audits = Table(
    "audits",
    metadata,
    Column("lease_id", Digest, ForeignKey("leases.lease_id"), primary_key=True),
    Column("task", Integer, primary_key=True),
    Column("verifier", Address, primary_key=True),
    Column("batch_id", Digest, nullable=False),
    Column("attempt", Integer, nullable=False),
    # Who else was drawn for the task: it must be bound before a payment shows everybody the digest.
    Column("peer", Address),
    Column("commitment", Digest, nullable=False),
    Column("commitment_signature", LargeBinary, nullable=False),
    Column("committed_at", BigInteger, nullable=False),
    Column("digest", Digest),
    Column("salt", Digest),
    Column("signature", LargeBinary),
    Column("agrees", Boolean),
    Column("claim_key", String(100), index=True),
    # The payment whose words were compared with the commitment, if it is not our claim's.
    Column("compared_in", Digest),
    # A ToleranceCommitment: it lets its verifier fetch the output, and proves no equivocation.
    Column("is_tolerant", Boolean, nullable=False, server_default=text("false")),
)

# What committee members are bound to before they fetch a contested output; see is_tolerant above.
# After a reorganisation a dispute's number may be another one's.
dispute_commitments = Table(
    "dispute_commitments",
    metadata,
    Column("dispute_id", BigInteger, primary_key=True, autoincrement=False),
    Column("member", Address, primary_key=True),
    Column("lease_id", Digest, ForeignKey("leases.lease_id"), primary_key=True),
    Column("task", Integer, primary_key=True, autoincrement=False),
    Column("commitment", Digest, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("committed_at", BigInteger, nullable=False),
)

# The outbox: every transaction the operator sends, written in the same commit as its cause.
relays = Table(
    "relays",
    metadata,
    Column("key", String(160), primary_key=True),
    # Attempts of one action share its name.
    Column("name", String(150), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("to_address", Address, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("value_wei", Wei, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("status", String(8), nullable=False),
    Column("reason", Text),
    Column("transaction_hash", Digest),
    Index("ix_relays_status_created_at", "status", "created_at"),
    Index("ix_relays_name_attempt", "name", "attempt"),
)

feed = Table(
    "feed",
    metadata,
    Column(
        "event_id",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("kind", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("job_id", Digest),
    Column("is_public", Boolean, nullable=False),
    Column("data", JsonText, nullable=False),
    Index("ix_feed_job_id_event_id", "job_id", "event_id"),
    sqlite_autoincrement=True,
)
