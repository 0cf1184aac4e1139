"""What the services need from the outside, and nothing of how it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from market.store.blobs import BlobFacts
from market.store.records import OfferRecord
from market.store.unit import Unit
from protocol.spec import Spec
from protocol.units import Address, ContentId

Clock = Callable[[], float]
"""Unix seconds."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A standing offer that fits a job, and its price for one task."""

    offer: OfferRecord
    price_wei: int


class Book(Protocol):
    """The standing offers. A job's tasks go to the cheapest that fit."""

    def fitting(self, unit: Unit, spec: Spec, now: int) -> Sequence[Candidate]:
        """The offers that fit `spec`, cheapest first."""


class BlobFiles(Protocol):
    """Where blobs' bytes lie."""

    def path(self, blob_id: ContentId) -> Path:
        """The file of a complete blob."""

    def offset(self, account: Address, blob_id: ContentId) -> tuple[int, int] | None:
        """(bytes here, bytes announced) of an upload, None without one."""

    def begin(self, account: Address, blob_id: ContentId, size_bytes: int) -> int:
        """Begin or continue an upload; the bytes that are here.

        Raises:
            Conflict: the account has too many open ones.
        """

    def append(self, account: Address, blob_id: ContentId, offset: int, data: bytes) -> int:
        """Append at `offset`; the bytes that are now here.

        Raises:
            NotFound: no such upload.
            BlobIncomplete: another offset.
            BlobTooLarge: more than announced.
        """

    def complete(self, account: Address, blob_id: ContentId) -> BlobFacts:
        """Check a full upload and make it the blob. It outlives the process; see `keep`.

        Raises:
            BlobMismatch: other bytes than the id says; the upload is forgotten.
        """

    def keep(self, blobs: Mapping[ContentId, int]) -> None:
        """Make blobs, given with their sizes, outlive a loss of power, before others rely on them.

        Raises:
            BlobIncomplete: one is not there: it was lost so before. It must be uploaded again.
        """
