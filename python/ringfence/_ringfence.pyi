from collections.abc import Callable, Iterable, Mapping
from typing import Any, final

from ._limits import Limits, Seconds
from ._policy import AnyPath, OneOrMore, PathLine, Syscalls, WordedPathLine

__all__ = [
    "Cgroups",
    "Decision",
    "Job",
    "Kernel",
    "Plan",
    "Policy",
    "Pump",
    "Sandbox",
    "account",
    "confine",
    "start",
    "status",
]

@final
class Policy:
    def __new__(
        cls,
        *,
        ro: OneOrMore[AnyPath | PathLine] | None = None,
        rw: OneOrMore[AnyPath | PathLine] | None = None,
        fs: OneOrMore[WordedPathLine] | None = None,
        connect_unix: OneOrMore[AnyPath | PathLine] | None = None,
        connect_tcp: OneOrMore[int | str] | None = None,
        bind_tcp: OneOrMore[int | str] | None = None,
        connect_udp: OneOrMore[int | str] | None = None,
        bind_udp: OneOrMore[int | str] | None = None,
        allow: OneOrMore[str] | None = None,
        deny: OneOrMore[str] | None = None,
        syscalls: Syscalls | None = None,
        unrestricted: OneOrMore[str] | None = None,
        best_effort: bool | None = None,
        require_complete: bool | None = None,
        minimum_abi: int | None = None,
        audit: bool | None = None,
    ) -> Policy: ...
    @staticmethod
    def from_file(path: AnyPath, *, variables: Mapping[str, str] | None = None) -> Policy: ...
    @staticmethod
    def from_yaml(text: str, *, variables: Mapping[str, str] | None = None) -> Policy: ...
    @property
    def lines(self) -> list[str]: ...
    def plan(self, kernel: Kernel | None = None) -> Plan: ...
    def prepare(self) -> Sandbox: ...
    def enforce(self) -> Plan: ...
    def enforce_this_thread(self) -> Plan: ...
    def merge(self, other: Policy) -> Policy: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Kernel:
    def __new__(cls, abi: int) -> Kernel: ...
    @staticmethod
    def probe() -> Kernel: ...
    @property
    def abi(self) -> int: ...
    @property
    def reported_abi(self) -> int: ...
    @property
    def landlock(self) -> str: ...
    @property
    def probed(self) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Plan:
    @property
    def text(self) -> str: ...
    @property
    def kernel(self) -> Kernel: ...
    @property
    def starts(self) -> bool: ...
    @property
    def refusals(self) -> list[str]: ...
    def json(self) -> str: ...
    def decide(self, access: str, about: AnyPath | int | None = None) -> Decision: ...
    def decide_class(self, name: str) -> Decision: ...
    def decide_rename(
        self, path: AnyPath, to: AnyPath, *, kind: str = "regular", over: str | None = None
    ) -> Decision: ...
    def decide_exchange(
        self, path: AnyPath, other: AnyPath, *, kind: str = "regular", other_kind: str = "regular"
    ) -> Decision: ...
    def decide_link(self, path: AnyPath, to: AnyPath, *, kind: str = "regular") -> Decision: ...

@final
class Decision:
    @property
    def allowed(self) -> bool: ...
    @property
    def lines(self) -> list[str]: ...
    @property
    def by(self) -> str: ...
    @property
    def missing(self) -> list[str]: ...
    @property
    def reason(self) -> str: ...
    def __bool__(self) -> bool: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Sandbox:
    def __new__(cls, policy: Policy) -> Sandbox: ...
    @property
    def plan(self) -> Plan: ...
    def with_lines(
        self,
        *,
        ro: OneOrMore[AnyPath | PathLine] | None = None,
        rw: OneOrMore[AnyPath | PathLine] | None = None,
        fs: OneOrMore[WordedPathLine] | None = None,
        connect_unix: OneOrMore[AnyPath | PathLine] | None = None,
        connect_tcp: OneOrMore[int | str] | None = None,
        bind_tcp: OneOrMore[int | str] | None = None,
        connect_udp: OneOrMore[int | str] | None = None,
        bind_udp: OneOrMore[int | str] | None = None,
    ) -> Sandbox: ...

@final
class Cgroups:
    def __new__(cls, directory: AnyPath) -> Cgroups: ...

@final
class Job:
    @property
    def pid(self) -> int: ...
    def fileno(self) -> int: ...
    def take(self, number: int) -> int | None: ...
    def poll(self) -> tuple[int, str | None] | None: ...
    def wait(self, timeout: Seconds | None = None) -> tuple[int, str | None] | None: ...
    def kill(self) -> None: ...
    def exceed(self) -> None: ...

@final
class Pump:
    def __new__(
        cls,
        job: Job,
        input: bytes | None = None,
        ends: list[int | None] | None = None,
    ) -> Pump: ...
    def run(self, timeout: Seconds | None = None) -> bool: ...
    @property
    def stdout(self) -> bytes: ...
    @property
    def stderr(self) -> bytes: ...

def start(
    policy: Policy | Sandbox,
    arguments: AnyPath | Iterable[AnyPath],
    *,
    stdin: int | None = None,
    stdout: int | None = None,
    stderr: int | None = None,
    env: dict[AnyPath, AnyPath] | None = None,
    cwd: AnyPath | None = None,
    limits: Limits | None = None,
    cgroups: Cgroups | None = None,
    executable: AnyPath | None = None,
    may_leave_group: bool = False,
    uid: int | None = None,
    gid: int | None = None,
    groups: list[int] | None = None,
) -> Job: ...
def account(limits: Limits, in_cgroup: bool) -> list[tuple[str, str, str]]: ...
def confine(
    policy: Policy | Sandbox,
    act: Callable[[], str],
    *,
    limits: Limits | None,
    longest_answer: int,
) -> str: ...
def status(pid: int | None = None) -> dict[str, Any]: ...
