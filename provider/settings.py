"""What a provider's owner decides. Read by entry points only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from protocol.units import WEI_PER_CREDIT
from provider.policy import Policy


@dataclass(frozen=True)
class Settings:
    """One daemon. `rpc_url` None: the chain endpoint that the market names.

    `state_directory` holds the device's key, the cache, the ledger and the status file; two
    daemons never share one. `answers_disputes` False leaves disputes to somebody else: the daemon
    then neither concedes nor opens claims.
    """

    market_url: str
    state_directory: Path
    ask_per_core_second_wei: int = WEI_PER_CREDIT // 1000
    executions: int = 1
    cache_bytes: int = 20 << 30
    rpc_url: str | None = None
    answers_disputes: bool = True
    policy: Policy = field(default_factory=Policy)
    ask_seconds: int = 20
    policy_seconds: float = 2.0

    @property
    def device_key(self) -> Path:
        """The device's key file."""
        return self.state_directory / "device.key"
