"""What a database of the first schema becomes."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from sqlalchemy import create_engine, text

from market.store.schema import configuration

LEASE = (
    "INSERT INTO leases (lease_id, job_id, provider, device, first_task, count, price_wei, fence,"
    " granted_at_ms, expires_at, last_expiry_at, ended_at, end_reason)"
    " VALUES (:id, 'job', 'p', 'd', 0, 1, '1', 1, 0, 0, 0, :ended_at, :reason)"
)
OFFER = (
    "INSERT INTO offers VALUES ('d', 'p', 'id', '{\"provider\": \"p\"}', 'sig', '1', '1', 9, 0, 9)"
)
BECAME = {
    "expired": "offline",
    "released": "wrong",
    "rejected": "error",
    "disk_full": "error",
    None: None,
}


def test_old_leases_get_their_fault_and_old_offers_go(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with engine.begin() as connection:
        command.upgrade(configuration(connection), "0001")
        connection.execute(text(OFFER))
        for reason in BECAME:
            ended_at = None if reason is None else 1
            row = {"id": reason or "running", "ended_at": ended_at, "reason": reason}
            connection.execute(text(LEASE), row)
        command.upgrade(configuration(connection), "head")
        found = connection.execute(text("SELECT end_reason, fault FROM leases")).all()
        assert {row.end_reason: row.fault for row in found} == BECAME
        assert connection.execute(text("SELECT count(*) FROM offers")).scalar() == 0
        command.downgrade(configuration(connection), "0001")
        command.upgrade(configuration(connection), "head")
    engine.dispose()
