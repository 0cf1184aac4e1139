"""Image archives (`docker save`), judged before the engine sees them.

Loading an archive is itself an attack surface: its tags would replace the user's own images, its
volumes would be writable disk without a bound, its layers may unpack to any size. And an id that
it merely claims could name a private image that the engine has already, to be run and read.

The engine reads the same bytes with other eyes: it unpacks the archive into a directory, where
`./manifest.json` or a link replaces `manifest.json`, and its JSON knows no upper and lower case.
So only archives are let through that both must read alike.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import posixpath
import re
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

MAX_ARCHIVE_MEMBERS = 10_000
MAX_IMAGE_FILES = 500_000
MAX_JSON_BYTES = 1 << 20
MAX_HEADERS_BYTES = 256 << 20
_READ_BYTES = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
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
    manifests = _parse(_read(archive, members, "manifest.json"))
    if len(manifests) != 1:
        raise BadArchive("it must hold exactly one image")
    manifest = manifests[0]
    if manifest.get("repotags"):
        raise BadArchive("its image has tags; save it by its id, without a tag")
    config = _read(archive, members, manifest["config"])
    layers = _checked_layers(_parse(config))
    ids = ["sha256:" + hashlib.sha256(config).hexdigest()]
    if "index.json" in members:
        ids += _index_ids(archive, members)
    if len(manifest["layers"]) != len(layers):
        raise BadArchive("its config and its manifest count the layers differently")
    unpacked_bytes = 0
    for name, digest in zip(manifest["layers"], layers, strict=True):
        budget = max_unpacked_bytes - unpacked_bytes
        unpacked_bytes += _layer_bytes(archive, members, name, digest, budget)
    return ImageArchive(tuple(ids), unpacked_bytes)


def _members(archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    members: dict[str, tarfile.TarInfo] = {}
    for member in archive:
        if len(members) >= MAX_ARCHIVE_MEMBERS or member.name in members:
            raise BadArchive("it has too many entries, or one of them twice")
        if not (member.isreg() or member.isdir()) or not _is_plain(member.name):
            raise BadArchive(f"{member.name!r} is not a plain file in it")
        members[member.name] = member
    return members


def _is_plain(name: str) -> bool:
    """Whether a name has one reading only: no `./x`, `a//x`, `a/../x` or `/x`."""
    return posixpath.normpath(name) == name and not name.startswith(("/", ".."))


def _parse(data: bytes) -> Any:
    """JSON with its keys in lower case, as the engine's own reader takes them."""

    def lowered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = {name.casefold(): value for name, value in pairs}
        if len(found) != len(pairs):
            raise BadArchive("its manifest or config has a key twice")
        return found

    return json.loads(data, object_pairs_hook=lowered)


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


def _checked_layers(config: dict[str, Any]) -> list[str]:
    """The digests of an acceptable config's layers, unpacked."""
    if (config.get("config") or {}).get("volumes"):
        raise BadArchive("its image declares volumes")
    if config.get("os", "linux") != "linux":
        raise BadArchive("its image is not for Linux")
    return [str(digest) for digest in config["rootfs"]["diff_ids"]]


def _index_ids(archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo]) -> list[str]:
    """Ids that the archive proves by holding what they are the digests of."""
    index = _parse(_read(archive, members, "index.json"))
    for manifest in index["manifests"]:
        annotations = manifest.get("annotations") or {}
        if any(annotations.get(name) for name in _NAME_ANNOTATIONS):
            raise BadArchive("its index names images; save it by its id, without a tag")
    return [_proven(archive, members, str(entry["digest"])) for entry in index["manifests"]]


def _proven(archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], digest: str) -> str:
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise BadArchive("its index names something else than a digest")
    blob = _read(archive, members, f"blobs/sha256/{match[1]}")
    if hashlib.sha256(blob).hexdigest() != match[1]:
        raise BadArchive("its index names a digest that it does not hold")
    return digest


def _layer_bytes(
    archive: tarfile.TarFile,
    members: dict[str, tarfile.TarInfo],
    name: str,
    digest: str,
    budget: int,
) -> int:
    """What a layer unpacks to; it must be the one that the config names.

    Whoever only knows the config of an image must not get it run: its layers may be private.
    """
    source, _ = _open(archive, members, name)
    start = source.read(len(_GZIP_MAGIC))
    source.seek(0)
    if start == _GZIP_MAGIC:
        source = cast("IO[bytes]", gzip.GzipFile(fileobj=source))
    content = _Hashed(source, budget + MAX_HEADERS_BYTES)
    total = 0
    with tarfile.open(fileobj=cast("IO[bytes]", content), mode="r|", tarinfo=_Member) as layer:
        for count, member in enumerate(layer):
            total += member.size if member.isreg() or member.issparse() else 0
            if total > budget or count > MAX_IMAGE_FILES:
                raise BadArchive("it unpacks to more than this device allows")
    if content.digest() != digest:
        raise BadArchive("a layer is not the one that its config names")
    return total


class _Hashed(io.RawIOBase):
    """Digests at most `left` bytes as they are read: a compressed layer cannot be a bomb."""

    def __init__(self, source: IO[bytes], most_bytes: int) -> None:
        super().__init__()
        self._source = source
        self._left = most_bytes
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise BadArchive("it unpacks to more than this device allows")
        self._hash.update(data)
        return data

    def digest(self) -> str:
        """The digest of everything, what was not read yet included."""
        while self.read(_READ_BYTES):
            pass
        return "sha256:" + self._hash.hexdigest()
