"""The first schema."""

# ruff: noqa: PLR0915

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import market.store.types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go one revision up."""
    op.create_table(
        "blobs",
        sa.Column("blob_id", sa.String(length=71), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("outcome_digest", market.store.types.Digest(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("blob_id", name=op.f("pk_blobs")),
    )
    op.create_table(
        "chain_audits",
        sa.Column("lease_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("job_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("batch_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("verifier", sa.String(length=42), nullable=False),
        sa.Column("fee_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("transaction_hash", market.store.types.Digest(length=32), nullable=False),
        sa.PrimaryKeyConstraint("lease_id", "task", "round", name=op.f("pk_chain_audits")),
    )
    with op.batch_alter_table("chain_audits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chain_audits_job_id"), ["job_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_chain_audits_verifier"), ["verifier"], unique=False)

    op.create_table(
        "chain_batches",
        sa.Column("batch_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("operator", sa.String(length=42), nullable=False),
        sa.Column("lease_count", sa.Integer(), nullable=False),
        sa.Column("commit_block", sa.BigInteger(), nullable=False),
        sa.Column("committed_at", sa.BigInteger(), nullable=False),
        sa.Column("seed", market.store.types.Digest(length=32), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("content", market.store.types.JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_chain_batches")),
    )
    with op.batch_alter_table("chain_batches", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_chain_batches_finished_at"), ["finished_at"], unique=False
        )

    op.create_table(
        "chain_cursor",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("cursor", market.store.types.JsonText(), nullable=False),
        sa.Column("head_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_cursor")),
    )
    op.create_table(
        "chain_disputes",
        sa.Column("dispute_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lease_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("batch_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("job_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=42), nullable=False),
        sa.Column("challenger", sa.String(length=42), nullable=False),
        sa.Column("opened_block", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("seed_block", sa.BigInteger(), nullable=True),
        sa.Column("members", market.store.types.JsonText(), nullable=True),
        sa.Column("commit_by", sa.BigInteger(), nullable=True),
        sa.Column("reveal_by", sa.BigInteger(), nullable=True),
        sa.Column("open_by", sa.BigInteger(), nullable=True),
        sa.Column("votes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reveals", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_claim_opened", sa.Boolean(), nullable=False),
        sa.Column("is_conceded", sa.Boolean(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("verdict", sa.Integer(), nullable=True),
        sa.Column("slashed_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("slash_transaction", market.store.types.Digest(length=32), nullable=True),
        sa.Column("slash_block", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("dispute_id", name=op.f("pk_chain_disputes")),
    )
    with op.batch_alter_table("chain_disputes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chain_disputes_job_id"), ["job_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_chain_disputes_lease_id"), ["lease_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_chain_disputes_provider"), ["provider"], unique=False)

    op.create_table(
        "chain_events",
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.Integer(), nullable=False),
        sa.Column("block_hash", market.store.types.Digest(length=32), nullable=False),
        sa.Column("transaction_hash", market.store.types.Digest(length=32), nullable=False),
        sa.Column("timestamp", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("args", market.store.types.JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("block_number", "log_index", name=op.f("pk_chain_events")),
    )
    op.create_table(
        "chain_jobs",
        sa.Column("job_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("requester", sa.String(length=42), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("committed_tasks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("settled_tasks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("open_leases", sa.Integer(), server_default="0", nullable=False),
        sa.Column("frontier", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paid_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("audit_fees_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("refunded_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("closed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_chain_jobs")),
    )
    op.create_table(
        "chain_leases",
        sa.Column("lease_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("batch_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("job_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("provider", sa.String(length=42), nullable=False),
        sa.Column("first_task", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("amount_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("result_root", market.store.types.Digest(length=32), nullable=False),
        sa.Column("audit_rate_ppm", sa.Integer(), nullable=False),
        sa.Column("committed_at", sa.BigInteger(), nullable=False),
        sa.Column("dispute_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_in", market.store.types.Digest(length=32), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("lease_id", name=op.f("pk_chain_leases")),
    )
    with op.batch_alter_table("chain_leases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_chain_leases_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_chain_leases_job_id"), ["job_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_chain_leases_provider"), ["provider"], unique=False)

    op.create_table(
        "devices",
        sa.Column("device", sa.String(length=42), nullable=False),
        sa.Column("finished_leases", sa.Integer(), nullable=False),
        sa.Column("failures_in_row", sa.Integer(), nullable=False),
        sa.Column("backoff_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_devices")),
    )
    op.create_table(
        "feed",
        sa.Column(
            "event_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("job_id", market.store.types.Digest(length=32), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("data", market.store.types.JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_feed")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.create_index("ix_feed_job_id_event_id", ["job_id", "event_id"], unique=False)

    op.create_table(
        "jobs",
        sa.Column("job_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("requester", sa.String(length=42), nullable=False),
        sa.Column("message", market.store.types.JsonText(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("spec", market.store.types.JsonText(), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("task_count", sa.Integer(), nullable=False),
        sa.Column("max_price_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("audit_budget_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("total_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("nonce", market.store.types.Wei(length=78), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rejected_because", sa.Text(), nullable=True),
        sa.Column("cancel_signature", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("requester", "nonce", name=op.f("uq_jobs_requester_nonce")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_jobs_requester_created_at_job_id",
            ["requester", "created_at", "job_id"],
            unique=False,
        )

    op.create_table(
        "logins",
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("nonce", market.store.types.Digest(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "nonce", name=op.f("pk_logins")),
    )
    with op.batch_alter_table("logins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_logins_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "offers",
        sa.Column("device", sa.String(length=42), nullable=False),
        sa.Column("provider", sa.String(length=42), nullable=False),
        sa.Column("offer_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("message", market.store.types.JsonText(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("ask_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("nonce", market.store.types.Wei(length=78), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device", name=op.f("pk_offers")),
        sa.UniqueConstraint("offer_id", name=op.f("uq_offers_offer_id")),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index("ix_offers_ask_wei", ["ask_wei"], unique=False)

    op.create_table(
        "relays",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=150), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("to_address", sa.String(length=42), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("value_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("transaction_hash", market.store.types.Digest(length=32), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_relays")),
    )
    with op.batch_alter_table("relays", schema=None) as batch_op:
        batch_op.create_index("ix_relays_name_attempt", ["name", "attempt"], unique=False)
        batch_op.create_index("ix_relays_status_created_at", ["status", "created_at"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("token_hash", market.store.types.Digest(length=32), nullable=False),
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_sessions_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "blob_owners",
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("blob_id", sa.String(length=71), nullable=False),
        sa.ForeignKeyConstraint(
            ["blob_id"], ["blobs.blob_id"], name=op.f("fk_blob_owners_blob_id")
        ),
        sa.PrimaryKeyConstraint("account", "blob_id", name=op.f("pk_blob_owners")),
    )
    op.create_table(
        "job_blobs",
        sa.Column("job_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("blob_id", sa.String(length=71), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.blob_id"], name=op.f("fk_job_blobs_blob_id")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name=op.f("fk_job_blobs_job_id")),
        sa.PrimaryKeyConstraint("job_id", "blob_id", name=op.f("pk_job_blobs")),
    )
    with op.batch_alter_table("job_blobs", schema=None) as batch_op:
        batch_op.create_index("ix_job_blobs_blob_id", ["blob_id"], unique=False)

    op.create_table(
        "leases",
        sa.Column("lease_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("job_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("provider", sa.String(length=42), nullable=False),
        sa.Column("device", sa.String(length=42), nullable=False),
        sa.Column("first_task", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("price_wei", market.store.types.Wei(length=78), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("granted_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_expiry_at", sa.BigInteger(), nullable=False),
        sa.Column("tasks_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("finished_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("end_reason", sa.String(length=64), nullable=True),
        sa.Column("end_detail", sa.Text(), nullable=True),
        sa.Column("amount_wei", market.store.types.Wei(length=78), nullable=True),
        sa.Column("result_root", market.store.types.Digest(length=32), nullable=True),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("lease_salt", market.store.types.Digest(length=32), nullable=True),
        sa.Column("batch_key", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name=op.f("fk_leases_job_id")),
        sa.PrimaryKeyConstraint("lease_id", name=op.f("pk_leases")),
    )
    with op.batch_alter_table("leases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_leases_batch_key"), ["batch_key"], unique=False)
        batch_op.create_index("ix_leases_job_id_device", ["job_id", "device"], unique=False)
        batch_op.create_index(
            "ix_leases_provider_granted_at_ms", ["provider", "granted_at_ms"], unique=False
        )
        batch_op.create_index(
            "ix_leases_running",
            ["device"],
            unique=False,
            sqlite_where=sa.text("finished_at_ms IS NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("finished_at_ms IS NULL AND ended_at IS NULL"),
        )
        batch_op.create_index(
            "ix_leases_to_commit",
            ["finished_at_ms"],
            unique=False,
            sqlite_where=sa.text(
                "finished_at_ms IS NOT NULL AND batch_key IS NULL AND ended_at IS NULL"
            ),
            postgresql_where=sa.text(
                "finished_at_ms IS NOT NULL AND batch_key IS NULL AND ended_at IS NULL"
            ),
        )

    op.create_table(
        "tasks",
        sa.Column("job_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("input_blob", sa.String(length=71), nullable=False),
        sa.Column("lease_id", market.store.types.Digest(length=32), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("was_slashed", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.job_id"], name=op.f("fk_tasks_job_id")),
        sa.PrimaryKeyConstraint("job_id", "task", name=op.f("pk_tasks")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index("ix_tasks_input_blob", ["input_blob"], unique=False)
        batch_op.create_index("ix_tasks_lease_id", ["lease_id"], unique=False)
        batch_op.create_index(
            "ix_tasks_waiting",
            ["job_id", "task"],
            unique=False,
            sqlite_where=sa.text("lease_id IS NULL"),
            postgresql_where=sa.text("lease_id IS NULL"),
        )

    op.create_table(
        "audit_grants",
        sa.Column("account", sa.String(length=42), nullable=False),
        sa.Column("job_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id", "task"],
            ["tasks.job_id", "tasks.task"],
            name=op.f("fk_audit_grants_job_id_task"),
        ),
        sa.PrimaryKeyConstraint("account", "job_id", "task", name=op.f("pk_audit_grants")),
    )
    op.create_table(
        "audits",
        sa.Column("lease_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("verifier", sa.String(length=42), nullable=False),
        sa.Column("batch_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("peer", sa.String(length=42), nullable=True),
        sa.Column("commitment", market.store.types.Digest(length=32), nullable=False),
        sa.Column("commitment_signature", sa.LargeBinary(), nullable=False),
        sa.Column("committed_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", market.store.types.Digest(length=32), nullable=True),
        sa.Column("salt", market.store.types.Digest(length=32), nullable=True),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("claim_key", sa.String(length=100), nullable=True),
        sa.Column("compared_in", market.store.types.Digest(length=32), nullable=True),
        sa.ForeignKeyConstraint(["lease_id"], ["leases.lease_id"], name=op.f("fk_audits_lease_id")),
        sa.PrimaryKeyConstraint("lease_id", "task", "verifier", name=op.f("pk_audits")),
    )
    with op.batch_alter_table("audits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audits_claim_key"), ["claim_key"], unique=False)

    op.create_table(
        "results",
        sa.Column("lease_id", market.store.types.Digest(length=32), nullable=False),
        sa.Column("task", sa.Integer(), nullable=False),
        sa.Column("output_blob", sa.String(length=71), nullable=True),
        sa.Column("failure", sa.String(length=32), nullable=True),
        sa.Column("digest", market.store.types.Digest(length=32), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["lease_id"], ["leases.lease_id"], name=op.f("fk_results_lease_id")
        ),
        sa.ForeignKeyConstraint(
            ["output_blob"], ["blobs.blob_id"], name=op.f("fk_results_output_blob")
        ),
        sa.PrimaryKeyConstraint("lease_id", "task", name=op.f("pk_results")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Go one revision down."""
    op.drop_table("results")
    with op.batch_alter_table("audits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audits_claim_key"))

    op.drop_table("audits")
    op.drop_table("audit_grants")
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_tasks_waiting",
            sqlite_where=sa.text("lease_id IS NULL"),
            postgresql_where=sa.text("lease_id IS NULL"),
        )
        batch_op.drop_index("ix_tasks_lease_id")
        batch_op.drop_index("ix_tasks_input_blob")

    op.drop_table("tasks")
    with op.batch_alter_table("leases", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_leases_to_commit",
            sqlite_where=sa.text(
                "finished_at_ms IS NOT NULL AND batch_key IS NULL AND ended_at IS NULL"
            ),
            postgresql_where=sa.text(
                "finished_at_ms IS NOT NULL AND batch_key IS NULL AND ended_at IS NULL"
            ),
        )
        batch_op.drop_index(
            "ix_leases_running",
            sqlite_where=sa.text("finished_at_ms IS NULL AND ended_at IS NULL"),
            postgresql_where=sa.text("finished_at_ms IS NULL AND ended_at IS NULL"),
        )
        batch_op.drop_index("ix_leases_provider_granted_at_ms")
        batch_op.drop_index("ix_leases_job_id_device")
        batch_op.drop_index(batch_op.f("ix_leases_batch_key"))

    op.drop_table("leases")
    with op.batch_alter_table("job_blobs", schema=None) as batch_op:
        batch_op.drop_index("ix_job_blobs_blob_id")

    op.drop_table("job_blobs")
    op.drop_table("blob_owners")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_expires_at"))
        batch_op.drop_index(batch_op.f("ix_sessions_account"))

    op.drop_table("sessions")
    with op.batch_alter_table("relays", schema=None) as batch_op:
        batch_op.drop_index("ix_relays_status_created_at")
        batch_op.drop_index("ix_relays_name_attempt")

    op.drop_table("relays")
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_index("ix_offers_ask_wei")

    op.drop_table("offers")
    with op.batch_alter_table("logins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_logins_expires_at"))

    op.drop_table("logins")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("ix_jobs_requester_created_at_job_id")

    op.drop_table("jobs")
    with op.batch_alter_table("feed", schema=None) as batch_op:
        batch_op.drop_index("ix_feed_job_id_event_id")

    op.drop_table("feed")
    op.drop_table("devices")
    with op.batch_alter_table("chain_leases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chain_leases_provider"))
        batch_op.drop_index(batch_op.f("ix_chain_leases_job_id"))
        batch_op.drop_index(batch_op.f("ix_chain_leases_batch_id"))

    op.drop_table("chain_leases")
    op.drop_table("chain_jobs")
    op.drop_table("chain_events")
    with op.batch_alter_table("chain_disputes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chain_disputes_provider"))
        batch_op.drop_index(batch_op.f("ix_chain_disputes_lease_id"))
        batch_op.drop_index(batch_op.f("ix_chain_disputes_job_id"))

    op.drop_table("chain_disputes")
    op.drop_table("chain_cursor")
    with op.batch_alter_table("chain_batches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chain_batches_finished_at"))

    op.drop_table("chain_batches")
    with op.batch_alter_table("chain_audits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_chain_audits_verifier"))
        batch_op.drop_index(batch_op.f("ix_chain_audits_job_id"))

    op.drop_table("chain_audits")
    op.drop_table("blobs")
