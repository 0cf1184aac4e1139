"""What a container's program could vary by, fixed: the same on every device and at every time.

Results are compared byte for byte, so whatever differs between two devices and reaches a program
can cost an honest provider its stake. images/container/README.md tells authors what is fixed.

The clock is not: nothing in a container's reach can stop it, and a preloaded library would be one
that the program can unload. Who reads it is found by the canary, whose two executions are apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from protocol.spec import ContainerRuntime, Spec
from provider.executors.cpus import cpu_count, flags_of

HOSTNAME = "fallow"
FILE_TIME_SECONDS = 315_532_800
"""1980-01-01: the first time that every archive format can hold."""
BASELINE = "x86-64-v2"
"""What libraries are held to where a spec demands no class of its own."""

_ONE_THREAD = (
    "BLIS_NUM_THREADS",
    "GOMAXPROCS",
    "GOTO_NUM_THREADS",
    "JULIA_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
DEFAULTS: dict[str, str] = {
    **dict.fromkeys(_ONE_THREAD, "1"),
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "MKL_DYNAMIC": "FALSE",
    "OMP_DYNAMIC": "FALSE",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "SOURCE_DATE_EPOCH": str(FILE_TIME_SECONDS),
    "TOKENIZERS_PARALLELISM": "false",
    "TZ": "UTC",
}
"""A spec may say otherwise: it is signed, so that every device does the same."""

_EVERY_FLAG = ("fpu", "tsc", "cx8", "cmov", "mmx", "fxsr", "sse", "sse2", "syscall", "nx", "lm")
_AVX512 = ("AVX512F", "AVX512VL", "AVX512BW", "AVX512CD", "AVX512DQ")
_V3 = ("AVX", "AVX2", "FMA")


@dataclass(frozen=True, slots=True)
class _CpuClass:
    """How libraries that choose code by the processor are told to choose by the class instead."""

    masked: tuple[str, ...]
    openblas: str
    mkl: str
    onednn: str
    torch: str


# FMA4 is of no level, and only some processors have it.
_CLASSES = {
    "x86-64-v2": _CpuClass((*_V3, *_AVX512, "FMA4"), "Nehalem", "COMPATIBLE", "SSE41", "default"),
    "x86-64-v3": _CpuClass((*_AVX512, "FMA4"), "Haswell", "AVX2", "AVX2", "avx2"),
    "x86-64-v4": _CpuClass(("FMA4",), "SkylakeX", "AVX512", "AVX512_CORE", "avx512"),
}


def environment(spec: Spec) -> dict[str, str]:
    """The variables of a spec's containers, by name.

    The spec's own replace ours, but for those that choose code by the processor: a spec demands
    another `resources.cpu_class` instead, so that only machines that have it take the job.
    """
    runtime = spec.runtime
    assert isinstance(runtime, ContainerRuntime)  # `supports` was asked first
    count = {"PYTHON_CPU_COUNT": str(cpu_count(spec.resources.cpu_millis))}
    variables = DEFAULTS | count | dict(runtime.environment) | class_environment(spec)
    return dict(sorted(variables.items()))


def class_environment(spec: Spec) -> dict[str, str]:
    """What holds libraries to the spec's CPU class, or to the baseline."""
    named = _CLASSES.get(spec.resources.cpu_class or BASELINE)
    if named is None:
        return {}
    return {
        "ATEN_CPU_CAPABILITY": named.torch,
        "DNNL_MAX_CPU_ISA": named.onednn,
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=" + ",".join(_tunables(named.masked)),
        "MKL_CBWR": named.mkl,
        "OPENBLAS_CORETYPE": named.openblas,
    }


def _tunables(masked: tuple[str, ...]) -> list[str]:
    # glibc before 2.33 knows them as ..._Usable; names that a glibc does not know are ignored.
    return [f"-{name}{suffix}" for name in masked for suffix in ("", "_Usable")]


def write_processors(directory: Path, spec: Spec) -> dict[str, Path]:
    """Write files that tell of the spec's processors and no others; by where a program looks."""
    count = cpu_count(spec.resources.cpu_millis)
    listed = "0" if count == 1 else f"0-{count - 1}"
    online = _write(directory / "cpus", f"{listed}\n")
    cpu_class = spec.resources.cpu_class or BASELINE
    told = {f"/sys/devices/system/cpu/{name}": online for name in ("online", "possible", "present")}
    if cpu_class in _CLASSES:
        text = "".join(_processor(number, cpu_class) for number in range(count))
        told["/proc/cpuinfo"] = _write(directory / "cpuinfo", text)
    return told


def _processor(number: int, cpu_class: str) -> str:
    """One processor as /proc/cpuinfo tells of it: a member of its class, and no more."""
    facts = {
        "processor": number,
        "vendor_id": "Fallow",
        "cpu family": 6,
        "model": 0,
        "model name": cpu_class,
        "stepping": 0,
        "physical id": 0,
        "siblings": 1,
        "core id": number,
        "cpu cores": 1,
        "apicid": number,
        "flags": " ".join((*_EVERY_FLAG, *flags_of(cpu_class))),
    }
    return "".join(f"{name}\t: {value}\n" for name, value in facts.items()) + "\n"


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o444)
    return path
