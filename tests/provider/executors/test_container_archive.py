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


def parts(**changes: Any) -> dict[str, bytes]:
    """A small sound archive's files, with changes to its manifest or its config."""
    config = {"os": "linux", "config": {}, **changes.pop("config", {})}
    manifest = {"Config": "c.json", "RepoTags": None, "Layers": ["l.tar"], **changes}
    return {
        "c.json": json.dumps(config).encode(),
        "l.tar": tar({"file": b"data"}),
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
    index = {"manifests": [{"digest": "sha256:" + "1" * 64}]}
    path.write_bytes(tar(parts() | {"index.json": json.dumps(index).encode()}))
    assert inspect_archive(path, LIMIT).image_ids[1] == "sha256:" + "1" * 64


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
    files = parts() | {"l.tar": tar({"a": bytes(600), "b": bytes(600)})}
    assert "unpacks" in refuse(tmp_path, tar(files), 1000)


def test_a_compressed_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provider.executors.container_archive.MAX_HEADERS_BYTES", 1 << 20)
    bomb = gzip.compress(tar({"zeros": bytes(LIMIT + 1)}))
    assert len(bomb) < 100_000
    assert "unpacks" in refuse(tmp_path, tar(parts() | {"l.tar": bomb}))
    hidden = gzip.compress(tar({"link" * 9: b""}) + bytes(32 << 20))
    path = tmp_path / "archive"
    path.write_bytes(tar(parts() | {"l.tar": hidden}))
    assert inspect_archive(path, LIMIT).unpacked_bytes == 0


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
