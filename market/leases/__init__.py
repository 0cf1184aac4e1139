"""Leases: granted, kept alive, finished once or ended once."""
