"""A job's spec: what runs, on what, within which limits. Content-addressed and immutable.

    {
      "version": 1,
      "runtime": {"kind": "wasm", "module": "sha256:..."},
      "resources": {"cpu_millis": 1000, "memory_bytes": 268435456, "disk_bytes": 268435456},
      "limits": {"wall_seconds": 60, "fuel": 100000000000, "output_bytes": 1048576},
      "inputs": {"tasks": "sha256:...", "shared": ["sha256:..."]},
      "verification": "exact",
      "label": "embeddings"
    }

`inputs.tasks` names the *task list*: a blob of canonical JSON, the array of one content id per
task. `inputs.shared` are given to every task, fetched once per device. A container's runtime is
`{"kind": "container", "image": "sha256:...", "command": ["..."], "environment": {...}}`, `image`
being the content id of an image archive (`docker save`); `limits.fuel` is then 0.
`resources.cpu_class` may demand one of `CPU_CLASSES`; a spec that demands none does not name it.
Where results need not be equal bit for bit, `verification` declares a comparator instead
(`protocol.verification`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from protocol.canonical import canonical_bytes, parse_json
from protocol.errors import InvalidInput, InvalidSpec
from protocol.units import Bytes32, ContentId, content_digest, content_id, parse_content_id, shown
from protocol.verification import (
    COMPARATORS,
    Comparator,
    Custom,
    verification_from_json,
    verification_json,
)

SPEC_VERSION = 1
MAX_SPEC_BYTES = 64 * 1024
MAX_TASK_LIST_BYTES = 128 << 20
MAX_SHARED_INPUTS = 16
MAX_WALL_SECONDS = 24 * 3600
MAX_MEMORY_BYTES = 1 << 40
MAX_FUEL = (1 << 53) - 1
MAX_OUTPUT_BYTES = 1 << 32
CPU_CLASSES = ("x86-64-v2", "x86-64-v3", "x86-64-v4", "arm64")
"""x86-64's microarchitecture levels, each holding those before it; and the other architecture."""
MAX_LABEL_CHARACTERS = 80
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class WasmRuntime:
    """A module of the fallow task ABI (images/wasm/ABI.md)."""

    module: ContentId
    kind: str = "wasm"


@dataclass(frozen=True, slots=True)
class ContainerRuntime:
    """An image archive, pinned by content, and the command that runs a lease's tasks."""

    image: ContentId
    command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    kind: str = "container"


Runtime = WasmRuntime | ContainerRuntime


@dataclass(frozen=True, slots=True)
class Resources:
    """What one task occupies while it is executed, and the processor that it demands (or None)."""

    cpu_millis: int
    memory_bytes: int
    disk_bytes: int
    cpu_class: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Where one task is stopped. `fuel` is wasm instructions, 0 for containers."""

    wall_seconds: int
    fuel: int
    output_bytes: int


@dataclass(frozen=True, slots=True)
class Spec:
    """See the module's text for the JSON form. Build with `from_json`, which checks it.

    `comparator` is None where results are compared bit for bit.
    """

    runtime: Runtime
    resources: Resources
    limits: Limits
    task_list: ContentId
    shared_inputs: tuple[ContentId, ...] = ()
    comparator: Comparator | None = None
    label: str = ""

    def __post_init__(self) -> None:
        """Check every rule.

        Raises:
            InvalidSpec: a value breaks a rule, or the canonical form is too long.
        """
        _check(self)
        if len(self.canonical()) > MAX_SPEC_BYTES:
            raise InvalidSpec(f"a spec has at most {MAX_SPEC_BYTES} bytes")

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "version": SPEC_VERSION,
            "runtime": _runtime_json(self.runtime),
            "resources": _resources_json(self.resources),
            "limits": _fields_json(self.limits),
            "inputs": {"tasks": self.task_list, "shared": list(self.shared_inputs)},
            "verification": verification_json(self.comparator),
            "label": self.label,
        }

    @classmethod
    def from_json(cls, value: object) -> Spec:
        """Read and check the JSON form.

        Raises:
            InvalidSpec: a field is missing, unknown, of another type or outside its bounds.
        """
        try:
            return _spec(value)
        except InvalidSpec:
            raise
        except InvalidInput as error:
            raise InvalidSpec(str(error)) from None

    @classmethod
    def from_bytes(cls, data: bytes) -> Spec:
        """Read the canonical form.

        Raises:
            InvalidSpec: too long, not JSON, not canonical, or not a valid spec.
        """
        if len(data) > MAX_SPEC_BYTES:
            raise InvalidSpec(f"a spec has at most {MAX_SPEC_BYTES} bytes")
        try:
            spec = cls.from_json(parse_json(data))
        except InvalidInput as error:
            raise InvalidSpec(str(error)) from None
        if spec.canonical() != data:
            raise InvalidSpec("the spec is not in canonical form (RFC 8785)")
        return spec

    def canonical(self) -> bytes:
        """The bytes whose digest a job signs."""
        return canonical_bytes(self.to_json())

    @property
    def blob_id(self) -> ContentId:
        """The content id of the canonical bytes."""
        return content_id(self.canonical())

    @property
    def hash(self) -> Bytes32:
        """`Job.spec_hash`: the digest inside `blob_id`."""
        return content_digest(self.blob_id)

    @property
    def blobs(self) -> tuple[ContentId, ...]:
        """Every blob that an execution needs, the tasks' own inputs aside: the code first, then
        the shared inputs, and last the module of a custom comparator.
        """
        code = self.runtime.module if isinstance(self.runtime, WasmRuntime) else self.runtime.image
        comparing = (self.comparator.module,) if isinstance(self.comparator, Custom) else ()
        return (code, *self.shared_inputs, *comparing)


def encode_task_list(inputs: tuple[ContentId, ...] | list[ContentId]) -> bytes:
    """The blob that `inputs.tasks` names: the content ids of the tasks' inputs, in order."""
    return canonical_bytes(list(inputs))


def decode_task_list(data: bytes, task_count: int) -> tuple[ContentId, ...]:
    """Read a task list.

    Raises:
        InvalidSpec: not a list of exactly `task_count` content ids.
    """
    try:
        value = parse_json(data)
        if not isinstance(value, list) or len(value) != task_count:
            raise InvalidSpec(f"the task list must name exactly {task_count} inputs")
        return tuple(parse_content_id(item) for item in value)
    except InvalidInput as error:
        raise InvalidSpec(f"task list: {error}") from None


def _spec(value: object) -> Spec:
    top = _object(
        value,
        "spec",
        {"version", "runtime", "resources", "limits", "inputs", "verification", "label"},
    )
    if type(top["version"]) is not int or top["version"] != SPEC_VERSION:
        raise InvalidSpec(f"version must be {SPEC_VERSION}: this market knows no other")
    inputs = _object(top["inputs"], "inputs", {"tasks", "shared"})
    resources = _resources(top["resources"])
    limits = _object(top["limits"], "limits", set(Limits.__slots__))
    return Spec(
        runtime=_runtime(top["runtime"]),
        resources=resources,
        limits=Limits(**limits),
        task_list=inputs["tasks"],
        shared_inputs=tuple(_list(inputs["shared"], "inputs.shared")),
        comparator=verification_from_json(top["verification"]),
        label=top["label"],
    )


def _resources(value: object) -> Resources:
    keys = set(Resources.__slots__)
    has_class = isinstance(value, Mapping) and "cpu_class" in value
    fields = _object(value, "resources", keys if has_class else keys - {"cpu_class"})
    if has_class and fields["cpu_class"] is None:
        # One form for each spec: what is not demanded is not named.
        raise InvalidSpec("resources.cpu_class must be left out where none is demanded")
    return Resources(**fields)


def _runtime(value: object) -> Runtime:
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if kind == "wasm":
        wasm = _object(value, "runtime", {"kind", "module"})
        return WasmRuntime(wasm["module"])
    if kind == "container":
        container = _object(value, "runtime", {"kind", "image", "command", "environment"})
        environment = container["environment"]
        if not isinstance(environment, Mapping):
            raise InvalidSpec("runtime.environment must be an object")
        return ContainerRuntime(
            container["image"],
            tuple(_list(container["command"], "runtime.command")),
            tuple(sorted(environment.items(), key=str)),
        )
    raise InvalidSpec("runtime.kind must be 'wasm' or 'container'")


def _check(spec: Spec) -> None:
    bounds = {
        "resources.cpu_millis": (spec.resources.cpu_millis, 1, 1_024_000),
        "resources.memory_bytes": (spec.resources.memory_bytes, 1 << 16, MAX_MEMORY_BYTES),
        "resources.disk_bytes": (spec.resources.disk_bytes, 0, MAX_MEMORY_BYTES),
        "limits.wall_seconds": (spec.limits.wall_seconds, 1, MAX_WALL_SECONDS),
        "limits.fuel": (spec.limits.fuel, *_fuel_bounds(spec.runtime)),
        "limits.output_bytes": (spec.limits.output_bytes, 1, MAX_OUTPUT_BYTES),
    }
    for name, (number, low, high) in bounds.items():
        if type(number) is not int or not low <= number <= high:
            got = shown(number)
            raise InvalidSpec(f"{name} must be an integer from {low} to {high}, got {got}")
    if spec.resources.cpu_class not in (None, *CPU_CLASSES):
        raise InvalidSpec(f"resources.cpu_class must be one of {', '.join(CPU_CLASSES)}")
    if spec.comparator is not None and not isinstance(spec.comparator, tuple(COMPARATORS.values())):
        raise InvalidSpec("verification must be exact, or a comparator")
    if not isinstance(spec.label, str) or not _is_label(spec.label):
        raise InvalidSpec(f"label must be at most {MAX_LABEL_CHARACTERS} printable characters")
    _check_inputs(spec)
    if isinstance(spec.runtime, ContainerRuntime):
        _check_container(spec.runtime)
    else:
        _require_content_id("runtime.module", spec.runtime.module)


def _check_inputs(spec: Spec) -> None:
    _require_content_id("inputs.tasks", spec.task_list)
    if len(spec.shared_inputs) > MAX_SHARED_INPUTS:
        raise InvalidSpec(f"inputs.shared must hold at most {MAX_SHARED_INPUTS} inputs")
    for item in spec.shared_inputs:
        _require_content_id("inputs.shared", item)


def _check_container(runtime: ContainerRuntime) -> None:
    _require_content_id("runtime.image", runtime.image)
    if not 1 <= len(runtime.command) <= 64:
        raise InvalidSpec("runtime.command must hold 1 to 64 words")
    for word in runtime.command:
        if not _is_argument(word):
            raise InvalidSpec("runtime.command must hold text without NUL")
    for name, text in runtime.environment:
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise InvalidSpec(f"runtime.environment: not a variable's name: {shown(name)}")
        if not _is_argument(text):
            raise InvalidSpec(f"runtime.environment.{name} must be text without NUL")
    names = [name for name, _ in runtime.environment]
    if names != sorted(set(names)):
        raise InvalidSpec("runtime.environment must name each variable once, in order")


def _require_content_id(name: str, value: object) -> None:
    try:
        parse_content_id(value)
    except InvalidInput as error:
        raise InvalidSpec(f"{name}: {error}") from None


def _is_label(text: str) -> bool:
    return len(text) <= MAX_LABEL_CHARACTERS and text.isprintable()


def _is_argument(value: object) -> bool:
    """Whether a process can take it as an argument: no NUL, and encodable (no lone surrogate)."""
    return (
        isinstance(value, str)
        and "\x00" not in value
        and not any("\ud800" <= character <= "\udfff" for character in value)
    )


def _fuel_bounds(runtime: Runtime) -> tuple[int, int]:
    return (1, MAX_FUEL) if isinstance(runtime, WasmRuntime) else (0, 0)


def _runtime_json(runtime: Runtime) -> dict[str, Any]:
    if isinstance(runtime, WasmRuntime):
        return {"kind": "wasm", "module": runtime.module}
    return {
        "kind": "container",
        "image": runtime.image,
        "command": list(runtime.command),
        "environment": dict(runtime.environment),
    }


def _resources_json(value: Resources) -> dict[str, Any]:
    fields = _fields_json(value)
    if value.cpu_class is None:
        del fields["cpu_class"]
    return fields


def _fields_json(value: Resources | Limits) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__slots__}


def _object(value: object, name: str, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or set(value) != keys:
        raise InvalidSpec(f"{name} must be an object with exactly {', '.join(sorted(keys))}")
    return value


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidSpec(f"{name} must be a list")
    return value
