"""Build the wasm programs: `build.py [--output FOLDER] [--pin]`, or `build.py --check`.

The modules are reproducible: Debian 12's clang and lld 14.0.6 give the digests in `digests.json`
on any machine. `--check` rebuilds into a temporary folder and exits with 1 on any drift.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT = HERE / "built"
DIGESTS = HERE / "digests.json"
PROGRAMS = ("noop", "textstats", "minilm", "primes")
TOOLS = {"clang": "clang", "wasm-ld": "lld"}  # executable: Debian package
FLAGS = (
    *("--target=wasm32", "-std=c17", "-O3", "-msimd128", "-mbulk-memory"),
    *("-ffreestanding", "-nostdlib", "-Wall", "-Wextra", "-Werror", "-Iinclude"),
    *("-Wl,--no-entry", "-Wl,--strip-all", "-Wl,--stack-first", "-Wl,-z,stack-size=65536"),
)
# A program in steps hides no global.
MORE_FLAGS = {"primes": ("-mmutable-globals", "-Wl,--export=__stack_pointer")}


class BuildFailed(Exception):
    """A tool is missing, or a program does not compile."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=BUILT, help="where the modules go")
    parser.add_argument("--pin", action="store_true", help="write the new digests to digests.json")
    parser.add_argument("--check", action="store_true", help="rebuild and compare the digests only")
    arguments = parser.parse_args()
    try:
        return check() if arguments.check else build(arguments.output, arguments.pin)
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1


def build(output: Path, pin: bool) -> int:
    digests = compile_programs(output)
    if pin:
        DIGESTS.write_text(json.dumps(digests, indent=2) + "\n")
    for name, sha256_hex in digests.items():
        print(f"{sha256_hex}  {output / name}.wasm")
    return 0


def check() -> int:
    """Hold the committed modules and a fresh build against the pinned digests."""
    pinned = json.loads(DIGESTS.read_text())
    with tempfile.TemporaryDirectory() as folder:
        rebuilt = compile_programs(Path(folder))
    drifts = [
        *differences("rebuilt", pinned, rebuilt),
        *differences("committed", pinned, {path.stem: digest(path) for path in modules(BUILT)}),
    ]
    for drift in drifts:
        print(drift, file=sys.stderr)
    if drifts:
        print(f"built with {compiler_version()}", file=sys.stderr)
    return 1 if drifts else 0


def differences(kind: str, pinned: dict[str, str], found: dict[str, str]) -> list[str]:
    return [
        f"{name}: {kind} {found.get(name, 'nothing')}, but pinned {pinned.get(name, 'nothing')}"
        for name in sorted(pinned.keys() | found.keys())
        if pinned.get(name) != found.get(name)
    ]


def compile_programs(output: Path) -> dict[str, str]:
    """Build every program into `output`; return the SHA-256 of each module by program name."""
    require_tools()
    output.mkdir(parents=True, exist_ok=True)
    return {name: compile_program(name, output.resolve() / f"{name}.wasm") for name in PROGRAMS}


def compile_program(name: str, module: Path) -> str:
    # Relative paths in a fixed order, from a fixed folder: nothing of this machine gets in.
    sources = [str(path.relative_to(HERE)) for path in sorted((HERE / name).glob("*.c"))]
    command = [executable("clang"), *FLAGS, *MORE_FLAGS.get(name, ()), "-o", str(module), *sources]
    finished = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise BuildFailed(f"{name} does not compile:\n{finished.stderr}")
    return digest(module)


def require_tools() -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        packages = " ".join(TOOLS[tool] for tool in missing)
        raise BuildFailed(f"missing: {', '.join(missing)} (Debian: apt-get install {packages})")


def executable(tool: str) -> str:
    path = shutil.which(tool)
    if path is None:
        raise BuildFailed(f"missing: {tool}")
    return path


def compiler_version() -> str:
    command = [executable("clang"), "--version"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    return finished.stdout.splitlines()[0]


def modules(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.wasm"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
