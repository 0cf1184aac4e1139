"""Image archives (`docker save`), judged before the engine sees them.

Loading an archive is itself an attack surface: its tags would replace the user's own images, its
volumes would be writable disk without a bound, its layers may unpack to any size.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

MAX_ARCHIVE_MEMBERS = 10_000
MAX_IMAGE_FILES = 500_000
MAX_JSON_BYTES = 1 << 20
MAX_HEADERS_BYTES = 256 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_EXTENDED_HEADERS = frozenset(
    {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE}
    | {tarfile.SOLARIS_XHDTYPE}
)
_NAME_ANNOTATIONS = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class BadArchive(Exception):
    """The archive breaks a rule; the text says which."""


@dataclass(frozen=True, slots=True)
class ImageArchive:
    """What a sound archive holds: the ids under which an engine may know its one image."""

    image_ids: tuple[str, ...]
    unpacked_bytes: int


def inspect_archive(path: Path, max_unpacked_bytes: int) -> ImageArchive:
    """Check an image archive without unpacking it.

    Raises:
        BadArchive: not an archive of exactly one image without names, volumes or oversized layers.
    """
    try:
        with tarfile.open(path, "r:", tarinfo=_Member) as archive:
            return _inspect(archive, max_unpacked_bytes)
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise BadArchive(f"not a readable image archive: {error}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadArchive(f"its manifest or config is malformed: {error}") from None


class _Member(tarfile.TarInfo):
    """An entry whose extended headers stay small: tarfile reads those into memory."""

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type in _EXTENDED_HEADERS and self.size > MAX_JSON_BYTES:
            raise BadArchive("an entry has an oversized header")
        return cast("tarfile.TarInfo", super()._proc_member(archive))  # type: ignore[misc]


def _inspect(archive: tarfile.TarFile, max_unpacked_bytes: int) -> ImageArchive:
    members = _members(archive)
    if "repositories" in members:
        raise BadArchive("it names images; save it by its id, without a tag")
    manifests = json.loads(_read(archive, members, "manifest.json"))
    if len(manifests) != 1:
        raise BadArchive("it must hold exactly one image")
    manifest = manifests[0]
    if manifest.get("RepoTags"):
        raise BadArchive("its image has tags; save it by its id, without a tag")
    config = _read(archive, members, manifest["Config"])
    _check_config(json.loads(config))
    ids = ["sha256:" + hashlib.sha256(config).hexdigest()]
    if "index.json" in members:
        ids += _index_ids(json.loads(_read(archive, members, "index.json")))
    unpacked_bytes = 0
    for name in manifest["Layers"]:
        budget = max_unpacked_bytes - unpacked_bytes
        unpacked_bytes += _layer_bytes(archive, members, name, budget)
    return ImageArchive(tuple(ids), unpacked_bytes)


def _members(archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    members: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        if len(members) >= MAX_ARCHIVE_MEMBERS or member.name in members:
            raise BadArchive("it has too many entries, or one of them twice")
        members[member.name] = member
    return members


def _open(
    archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], name: str
) -> tuple[IO[bytes], int]:
    member = members.get(name)
    if member is None or not member.isreg():
        raise BadArchive(f"{name!r} is not a plain file in it")
    source = archive.extractfile(member)
    assert source is not None  # a plain file
    return source, member.size


def _read(archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], name: str) -> bytes:
    source, size = _open(archive, members, name)
    if size > MAX_JSON_BYTES:
        raise BadArchive(f"{name!r} is too long")
    return source.read()


def _check_config(config: dict[str, Any]) -> None:
    if (config.get("config") or {}).get("Volumes"):
        raise BadArchive("its image declares volumes")
    if config.get("os", "linux") != "linux":
        raise BadArchive("its image is not for Linux")


def _index_ids(index: dict[str, Any]) -> list[str]:
    manifests = index["manifests"]
    for manifest in manifests:
        annotations = manifest.get("annotations") or {}
        if any(annotations.get(name) for name in _NAME_ANNOTATIONS):
            raise BadArchive("its index names images; save it by its id, without a tag")
    return [str(manifest["digest"]) for manifest in manifests]


def _layer_bytes(
    archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], name: str, budget: int
) -> int:
    source, _ = _open(archive, members, name)
    start = source.read(len(_GZIP_MAGIC))
    source.seek(0)
    if start == _GZIP_MAGIC:
        unpacked = cast("IO[bytes]", gzip.GzipFile(fileobj=source))
        source = cast("IO[bytes]", _Limited(unpacked, budget + MAX_HEADERS_BYTES))
    total = 0
    with tarfile.open(fileobj=source, mode="r|", tarinfo=_Member) as layer:
        for count, member in enumerate(layer):
            total += member.size if member.isreg() or member.issparse() else 0
            if total > budget or count > MAX_IMAGE_FILES:
                raise BadArchive("it unpacks to more than this device allows")
    return total


class _Limited(io.RawIOBase):
    """Reads at most `left` bytes, so that a compressed layer cannot be a bomb."""

    def __init__(self, source: IO[bytes], most_bytes: int) -> None:
        super().__init__()
        self._source = source
        self._left = most_bytes

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise BadArchive("it unpacks to more than this device allows")
        return data
