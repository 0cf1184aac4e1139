"""What can be set, by environment (`FALLOW_MARKET_...`) or by the commands' options."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from protocol.client.wire import DEFAULT_PORT
from protocol.errors import InvalidInput

ROOT = Path(__file__).parents[1]


class Settings(BaseSettings):
    """One market process. Only entry points read this."""

    model_config = SettingsConfigDict(env_prefix="FALLOW_MARKET_", frozen=True)

    data_directory: Path
    """Blobs, the embedded database and the sender's journal."""
    rpc_url: str
    public_rpc_url: str | None = None
    """What clients are told, where it differs from `rpc_url`."""
    deployment_file: Path | None = None
    """Default: deployment.json in the data directory."""
    operator_key_file: Path | None = None
    """The operator's private key in hex, mode 0600. Default: operator.key in the data directory."""
    database_url: str | None = None
    """Default: SQLite, market.db in the data directory."""
    redis_url: str = "redis://127.0.0.1:6379/0"
    """The broker, when `keeper` is "celery"."""
    keeper: Literal["embedded", "celery"] = "embedded"
    web_directory: Path = ROOT / "frontend" / "dist"
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    is_development: bool = False
    relayer_fee_wei: int = 0
    heartbeat_seconds: int = 5
    batch_seconds: float = 2.0
    confirmations: int = 0
    max_blob_bytes: int = 16 << 30
    first_lease_tasks: int = 2
    max_lease_tasks: int = 256
    target_lease_seconds: float = 10.0
    start_seconds: float = 60.0
    """How long to wait for the chain at the start."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Settings from options; what is None there comes from the environment, or its default.

        Raises:
            InvalidInput: an option or a variable is not what it should be.
        """
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            raise InvalidInput(f"settings: {error}") from None

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_directory / 'market.db'}"

    @property
    def deployment(self) -> Path:
        """The deployment's file."""
        return self.deployment_file or self.data_directory / "deployment.json"

    @property
    def operator_key(self) -> Path:
        """The operator's key file."""
        return self.operator_key_file or self.data_directory / "operator.key"
