"""Image archives that would harm the engine are refused before it sees them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from provider.executors.container_archive import BadArchive, inspect_archive

LIMIT = 16 << 20


def tar(files: dict[str, bytes], **links: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        for name, target in links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return buffer.getvalue()


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def parts(**changes: Any) -> dict[str, bytes]:
    """A small sound archive's files, with changes to its manifest or its config."""
    layer = changes.pop("layer", tar({"file": b"data"}))
    rootfs = {"type": "layers", "diff_ids": [digest_of(layer)]}
    config = {"os": "linux", "config": {}, "rootfs": rootfs, **changes.pop("config", {})}
    manifest = {"Config": "c.json", "RepoTags": None, "Layers": ["l.tar"], **changes}
    return {
        "c.json": json.dumps(config).encode(),
        "l.tar": layer,
        "manifest.json": json.dumps([manifest]).encode(),
    }


def refuse(tmp_path: Path, data: bytes, limit: int = LIMIT) -> str:
    path = tmp_path / "archive"
    path.write_bytes(data)
    with pytest.raises(BadArchive) as caught:
        inspect_archive(path, limit)
    return str(caught.value)


def test_the_shipped_archive_is_sound_and_reproducible(
    tmp_path: Path, image_archive: bytes, image_builder: ModuleType
) -> None:
    path = tmp_path / "archive"
    path.write_bytes(image_archive)
    found = inspect_archive(path, LIMIT)
    assert len(found.image_ids) == 1
    assert 1_000_000 < found.unpacked_bytes < LIMIT
    assert image_builder.build("wordfrequency") == image_archive


def test_a_sound_archive(tmp_path: Path) -> None:
    files = parts()
    path = tmp_path / "archive"
    path.write_bytes(tar(files))
    found = inspect_archive(path, 4)
    assert found.image_ids == ("sha256:" + hashlib.sha256(files["c.json"]).hexdigest(),)
    assert found.unpacked_bytes == 4


def test_an_index_adds_the_manifests_digest(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    held = b"{a manifest}"
    index = {"manifests": [{"digest": digest_of(held)}]}
    files = parts() | {"index.json": json.dumps(index).encode()}
    path.write_bytes(tar(files | {f"blobs/sha256/{digest_of(held)[7:]}": held}))
    assert inspect_archive(path, LIMIT).image_ids[1] == digest_of(held)


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (parts(RepoTags=["debian:latest"]), "tags"),
        (parts() | {"repositories": b"{}"}, "names images"),
        (
            parts()
            | {
                "index.json": json.dumps(
                    {
                        "manifests": [
                            {"digest": "x", "annotations": {"io.containerd.image.name": "debian"}}
                        ]
                    }
                ).encode()
            },
            "names images",
        ),
        (parts(config={"config": {"Volumes": {"/data": {}}}}), "volumes"),
        (parts(config={"os": "windows"}), "Linux"),
        (parts(Layers=["missing.tar"]), "not a plain file"),
        (parts() | {"manifest.json": b"[]"}, "exactly one"),
        (parts() | {"manifest.json": b"[{}, {}]"}, "exactly one"),
        (parts() | {"manifest.json": b"{"}, "malformed"),
        (parts() | {"manifest.json": b"[3]"}, "malformed"),
        (parts() | {"manifest.json": b"7"}, "malformed"),
        (parts() | {"c.json": b"[]"}, "malformed"),
        (parts() | {"c.json": bytes(2 << 20)}, "too long"),
        (parts() | {"l.tar": b"no tar at all" * 99}, "not a readable"),
        ({}, "not a plain file"),
    ],
)
def test_a_bad_archive(tmp_path: Path, files: dict[str, bytes], reason: str) -> None:
    assert reason in refuse(tmp_path, tar(files))


def test_a_large_layer(tmp_path: Path) -> None:
    files = parts(layer=tar({"a": bytes(600), "b": bytes(600)}))
    assert "unpacks" in refuse(tmp_path, tar(files), 1000)


def test_a_compressed_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provider.executors.container_archive.MAX_HEADERS_BYTES", 1 << 20)
    bomb = gzip.compress(tar({"zeros": bytes(LIMIT + 1)}))
    assert len(bomb) < 100_000
    assert "unpacks" in refuse(tmp_path, tar(parts() | {"l.tar": bomb}))
    padded = tar({"link" * 9: b""}) + bytes(32 << 20)
    files = parts(layer=padded) | {"l.tar": gzip.compress(padded)}
    assert "unpacks" in refuse(tmp_path, tar(files))


def test_a_compressed_layer(tmp_path: Path) -> None:
    layer = tar({"file": b"data"})
    path = tmp_path / "archive"
    path.write_bytes(tar(parts(layer=layer) | {"l.tar": gzip.compress(layer)}))
    assert inspect_archive(path, LIMIT).unpacked_bytes == 4


def test_an_oversized_header(tmp_path: Path) -> None:
    layer = bytearray(tar({"x": bytes(2 << 20)}))
    header = tarfile.TarInfo("x")
    header.size, header.type = 2 << 20, tarfile.XHDTYPE
    layer[:512] = header.tobuf()
    assert "header" in refuse(tmp_path, tar(parts() | {"l.tar": bytes(layer)}))


def test_a_layer_that_is_a_link(tmp_path: Path) -> None:
    files = parts(Layers=["link"])
    assert "not a plain file" in refuse(tmp_path, tar(files, link="/etc/passwd"))


def test_an_entry_twice(tmp_path: Path) -> None:
    assert "twice" in refuse(tmp_path, tar(parts(), **{"l.tar": "c.json"}))


@pytest.mark.parametrize("name", ["./manifest.json", "x/../manifest.json", "/manifest.json"])
def test_a_second_manifest_by_another_path(tmp_path: Path, name: str) -> None:
    """The engine unpacks both into one directory: the second one, with its tags, would count."""
    evil = parts(RepoTags=["debian:latest"])["manifest.json"]
    assert "not a plain file" in refuse(tmp_path, tar(parts() | {name: evil}))


def test_a_link_to_the_directory_itself(tmp_path: Path) -> None:
    assert "not a plain file" in refuse(tmp_path, tar(parts(), d="."))


@pytest.mark.parametrize("key", ["repotags", "REPOTAGS", "RepoTag\u017f"])
def test_tags_by_another_spelling_of_their_key(tmp_path: Path, key: str) -> None:
    """The engine's JSON reader takes all of these for RepoTags."""
    reason = refuse(tmp_path, tar(parts(**{key: ["debian:latest"]})))
    assert "key twice" in reason
    alone = json.dumps([{"Config": "c.json", key: ["debian:latest"], "Layers": ["l.tar"]}])
    assert "tags" in refuse(tmp_path, tar(parts() | {"manifest.json": alone.encode()}))


def test_volumes_by_another_spelling_of_their_key(tmp_path: Path) -> None:
    assert "volumes" in refuse(tmp_path, tar(parts(config={"config": {"volumes": {"/d": {}}}})))


@pytest.mark.parametrize("claimed", ["owners-private-image:latest", digest_of(b"its manifest")])
def test_an_index_cannot_claim_an_image_that_the_engine_has(tmp_path: Path, claimed: str) -> None:
    """Else a stranger's command would run in a private image of this device's owner."""
    index = json.dumps({"manifests": [{"digest": claimed}]}).encode()
    refuse(tmp_path, tar(parts() | {"index.json": index}))
    forged = {"index.json": index, f"blobs/sha256/{claimed[7:]}": b"another manifest"}
    refuse(tmp_path, tar(parts() | forged))


def test_a_config_alone_does_not_get_its_image_run(tmp_path: Path) -> None:
    """Whoever knows a private image's config must show its layers too."""
    other = parts() | {"l.tar": tar({"file": b"made up"})}
    assert "not the one that its config names" in refuse(tmp_path, tar(other))
