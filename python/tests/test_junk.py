"""Whatever is passed, what comes is an exception of Python's or of the package's: never a panic, never a crash."""

from __future__ import annotations

import datetime
import random
from collections.abc import Callable
from typing import Any

import pytest

import ringfence
from ringfence import Kernel, Limits, Policy, Popen, _ringfence, confined, run


class Strange:
    """Fails at whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __iter__(self) -> Any:
        raise RuntimeError("iter")

    def __str__(self) -> str:
        raise RuntimeError("str")

    __repr__ = __str__


class Path:
    """A path that is none."""

    def __init__(self, path: Any) -> None:
        self.path = path

    def __fspath__(self) -> Any:
        return self.path


class Number(int):
    """A number that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("str")


JUNK: list[Any] = [
    *(None, True, False, 0, 1, -1, 443, 65536, 1 << 63, 1 << 64, -(1 << 64), 1 << 5000, Number(-5), Number(7)),
    *(0.0, -0.0, 1e308, float("nan"), float("inf"), -1.5, 1j),
    *("", "a", "/usr", "\0", "\ud800", "a" * 5000, "ro", "@mount", "any", "0-65535", "9-1", "${x}", "*", "[", "-"),
    *(b"", b"\xff\x00", b"/usr", bytearray(b"/usr"), memoryview(b"x")),
    *([], [[]], [None], ["/usr", 3], (), {}, {"path": "/usr"}, {"path": 3, "access": "read"}, {1: 2}, {"deny": ["x"]}),
    *({"path": "/usr", "except": ["."]}, {"path": "/[", "glob": True}, {"only": "@x"}, {"others": 3}, set(), {"a"}),
    *(
        Path("/usr"),
        Path(b"/usr"),
        Path(3),
        Path(None),
        Strange(),
        object(),
        len,
        Policy,
        Policy(),
        Kernel(3),
        Limits(),
    ),
    *(datetime.timedelta(days=999999999), datetime.timedelta(-1), Limits(wall=1e400), Limits(cpu=-1), iter([1])),
]

WORDS = [
    *("ro", "rw", "fs", "connect_unix", "connect_tcp", "bind_tcp", "connect_udp", "bind_udp", "allow", "deny"),
    *("syscalls", "unrestricted", "best_effort", "require_complete", "minimum_abi", "x", "\ud800"),
]

MADE: Any = Policy().plan(Kernel(7))
BASE: Any = Policy(ro=["/usr", "/bin", "/lib"])

#: What takes junk, by name; none of it starts anything that goes on.
TAKERS: dict[str, Callable[[Any, Any], object]] = {
    "a word": lambda one, other: [Policy(**{word: one}) for word in WORDS if word != other],
    "from_yaml": lambda one, other: Policy.from_yaml(one, variables=other),
    "from_file": lambda one, other: Policy.from_file(one, variables=other),
    "merge": lambda one, other: Policy().merge(one),
    "plan": lambda one, other: Policy().plan(one),
    "Kernel": lambda one, other: Kernel(one),
    "decide": lambda one, other: MADE.decide(one, other),
    "decide_class": lambda one, other: MADE.decide_class(one),
    "decide_rename": lambda one, other: MADE.decide_rename(one, other),
    "decide_link": lambda one, other: MADE.decide_link("/a", one, kind=other),
    "decide_exchange": lambda one, other: MADE.decide_exchange(one, "/a", kind=other),
    "Sandbox": lambda one, other: ringfence.Sandbox(one),
    "with_lines": lambda one, other: BASE.prepare().with_lines(ro=one, connect_tcp=other),
    "Cgroups": lambda one, other: ringfence.Cgroups(one),
    "run": lambda one, other: run(one, policy=BASE, timeout=other, stdin=ringfence.DEVNULL),
    "run: input": lambda one, other: run(["true"], policy=BASE, input=one, encoding=other),
    "run: cwd": lambda one, other: run(["true"], policy=BASE, cwd=one, executable=other),
    "run: env": lambda one, other: run(["true"], policy=BASE, env=one, stdout=other),
    "run: limits": lambda one, other: run(["true"], policy=BASE, limits=one, stderr=other),
    "run: a limit": lambda one, other: run(["true"], policy=BASE, limits=Limits(wall=one, output=other)),
    "run: policy": lambda one, other: run(["true"], policy=one, may_leave_group=other),
    "Popen": lambda one, other: Popen(["true"], policy=BASE, bufsize=one, cgroups=other).kill(),
    "wait": lambda one, other: Popen(["true"], policy=BASE).wait(one),
    "communicate": lambda one, other: Popen(["cat"], policy=BASE, stdin=-1).communicate(one, other),
    "send_signal": lambda one, other: Popen(["sleep", "9"], policy=BASE).send_signal(one),
    "Pump": lambda one, other: _ringfence.Pump(_ringfence.start(BASE, "true"), one, other),
    "take": lambda one, other: _ringfence.start(BASE, "true").take(one),
    "confined": lambda one, other: confined(Policy(), limits=one, longest_answer=other)(lambda: 1)(),
    "an answer": lambda one, other: confined(Policy())(lambda: [one, {other: one}])(),
    "an exception": lambda one, other: confined(Policy())(raising(one, other))(),
}


def raising(one: Any, other: Any) -> Callable[[], None]:
    def act() -> None:
        raise ValueError(one, other)

    return act


# What cannot be shown in a sentence is told as such.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", TAKERS)
def test_junk_is_refused_by_an_exception(name: str) -> None:
    chance = random.Random(name)
    refused = 0
    pairs = [(one, chance.choice(JUNK)) for one in JUNK]
    for one, other in pairs:
        try:
            TAKERS[name](one, other)
        except Exception:
            # A panic of Rust's is none: it is a BaseException, and passes.
            refused += 1
    assert refused
