"""Build the container image archives that the project ships, without a registry or an engine.

    python images/container/build.py [--output DIRECTORY]

An archive is what `docker save` would write for an image with a single layer: Debian's static
busybox (package busybox-static) and one job's program. It is written entry by entry with sorted
names, fixed owners and a fixed time, so the same busybox and program give the same bytes, and so
the same content id, on every machine. Another version of the Debian package gives another id.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).parent
BUSYBOX = Path("/bin/busybox")
APPLETS = ("awk", "cat", "mv", "sh", "sort", "tr", "uniq")
CREATED = "1970-01-01T00:00:00Z"
Entry = tuple[str, bytes | None, int]


def build(job: str, busybox: Path = BUSYBOX) -> bytes:
    """The image archive of the job in `images/container/<job>/`.

    Raises:
        FileNotFoundError: no such job, or no static busybox (Debian: apt install busybox-static).
    """
    program = (HERE / job / "run.sh").read_bytes()
    layer = _tar(
        [
            ("bin", None, 0o755),
            ("bin/busybox", busybox.read_bytes(), 0o755),
            ("job", None, 0o755),
            ("job/run.sh", program, 0o755),
            ("tmp", None, 0o1777),
            ("work", None, 0o755),
            ("work/inputs", None, 0o755),
            ("work/outputs", None, 0o755),
        ],
        links={f"bin/{applet}": "busybox" for applet in APPLETS},
    )
    config = _config(layer)
    name = hashlib.sha256(config).hexdigest()
    manifest = [{"Config": f"{name}.json", "RepoTags": None, "Layers": ["layer.tar"]}]
    return _tar(
        [
            (f"{name}.json", config, 0o644),
            ("layer.tar", layer, 0o644),
            ("manifest.json", _json(manifest), 0o644),
        ]
    )


def main() -> int:
    """Write every job's archive under its content id's digits."""
    parser = argparse.ArgumentParser(description="Build the container job images.")
    parser.add_argument("--output", type=Path, default=Path("build") / "images")
    output = parser.parse_args().output
    output.mkdir(parents=True, exist_ok=True)
    for job in sorted(path.parent.name for path in HERE.glob("*/run.sh")):
        try:
            archive = build(job)
        except FileNotFoundError as error:
            print(f"{error}; on Debian: apt install busybox-static", file=sys.stderr)
            return 1
        digest = hashlib.sha256(archive).hexdigest()
        (output / f"{job}.tar").write_bytes(archive)
        print(f"{job}: sha256:{digest} ({len(archive)} bytes)")
    return 0


def _config(layer: bytes) -> bytes:
    return _json(
        {
            "architecture": "amd64",
            "config": {"Env": ["PATH=/bin", "LC_ALL=C"], "WorkingDir": "/work"},
            "created": CREATED,
            "history": [{"created": CREATED, "created_by": "images/container/build.py"}],
            "os": "linux",
            "rootfs": {
                "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()],
                "type": "layers",
            },
        }
    )


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _tar(entries: list[Entry], links: dict[str, str] | None = None) -> bytes:
    """A tar of files (or directories, when the content is None) and symbolic links."""
    members = [_member(name, content, mode) for name, content, mode in entries]
    for name, target in (links or {}).items():
        link = tarfile.TarInfo(name)
        link.type, link.linkname, link.mode = tarfile.SYMTYPE, target, 0o777
        members.append((link, b""))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for member, content in sorted(members, key=lambda pair: pair[0].name):
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _member(name: str, content: bytes | None, mode: int) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.mode = mode
    if content is None:
        member.type = tarfile.DIRTYPE
        return member, b""
    member.size = len(content)
    return member, content


if __name__ == "__main__":
    sys.exit(main())
