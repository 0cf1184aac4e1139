"""Audits and disputes: who was drawn gets the task; nobody sees a digest before committing."""
