"""Functions in a restricted copy of this process."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import ringfence
from ringfence import Limits, Policy, confined

NOTHING = Policy()
BRIEF = Limits(wall=30)


class Own(Exception):
    """An exception of a caller's own."""


def read(path: Path) -> str:
    """Do what the tests allow and deny."""
    return path.read_text()


def test_what_the_policy_denies_is_denied(secret: Path) -> None:
    assert read(secret) == "secret\n"
    with pytest.raises(PermissionError) as error:
        confined(NOTHING)(read)(secret)
    assert error.value.errno == 13
    assert error.value.filename == str(secret)
    assert confined(Policy(ro=secret))(read)(secret) == "secret\n"
    assert confined(Policy(ro=secret).prepare())(read)(secret) == "secret\n"


def test_the_process_itself_stays_free(secret: Path) -> None:
    state = {"changed": False}

    @confined(NOTHING)
    def act() -> int:
        state["changed"] = True
        return os.getpid()

    assert act() != os.getpid()
    assert state == {"changed": False}
    assert read(secret) == "secret\n"


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -1,
        10**19,
        -(2**500),
        1.5,
        float("inf"),
        "ä\ud800\0",
        b"\x00\xff",
        [],
        [1, [2, ()]],
        (1, (2,)),
        {},
        {"a": 1, 2: b"x", (1, 2): [None], None: {1: {}}},
        {1, "a"},
        frozenset({(1, 2)}),
        {"value": 1},
        {"int": "0x1"},
        {"bytes": ["x"]},
    ],
)
def test_plain_values_come_back_as_they_are(value: Any) -> None:
    back = confined(NOTHING)(lambda: value)()
    assert back == value
    assert type(back) is type(value)


def test_arguments_are_taken_along_whatever_they_are() -> None:
    @confined(NOTHING)
    def act(a: Any, *, b: Any) -> Any:
        """Say what was taken along."""
        return [a(), b.__class__.__name__]

    assert act(lambda: 3, b=threading.Lock()) == [3, "lock"]
    assert (act.__name__, act.__doc__) == ("act", "Say what was taken along.")


def test_other_values_are_refused_with_a_sentence() -> None:
    class Text(str):
        __slots__ = ()

    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    for value, sentence in (
        (object(), "cannot pass on a value of type object; None, bool"),
        (Text("x"), "cannot pass on a value of type"),
        ([1, {2: os}], "cannot pass on a value of type module"),
        (deep, "nested too deeply"),
    ):
        with pytest.raises(ringfence.AnswerError, match=sentence):
            confined(NOTHING)(lambda value=value: value)()


def test_exceptions_travel_back_with_where_they_come_from() -> None:
    def act() -> None:
        raise ValueError("sentence", 3)

    with pytest.raises(ValueError, match="sentence") as error:
        confined(NOTHING)(act)()
    assert error.value.args == ("sentence", 3)
    assert "in act" in str(error.value.__cause__)


def test_an_exception_of_another_class_is_told_and_not_made() -> None:
    def act(error: BaseException) -> None:
        raise error

    with pytest.raises(ringfence.RemoteError, match="the confined function raised Own: mine") as remote:
        confined(NOTHING)(act)(Own("mine"))
    assert (remote.value.name, remote.value.text) == ("Own", "mine")
    assert "in act" in remote.value.traceback
    with pytest.raises(Own, match="mine"):
        confined(NOTHING, raises=[Own])(act)(Own("mine"))
    for misleading in (StopIteration(1), KeyboardInterrupt(), SystemExit(3), GeneratorExit()):
        with pytest.raises(ringfence.RemoteError):
            confined(NOTHING)(act)(misleading)
    # An argument that is not passed on.
    with pytest.raises(ringfence.RemoteError):
        confined(NOTHING)(act)(ValueError(object()))
    with pytest.raises(UnicodeDecodeError):
        confined(NOTHING)(lambda: b"\xff".decode("utf-8"))()
    with pytest.raises(TypeError, match="classes of exceptions"):
        confined(NOTHING, raises=[KeyboardInterrupt])  # type: ignore[list-item]


def test_crash_kill_time_and_length_are_told_apart() -> None:
    with pytest.raises(ringfence.CrashedError) as crashed:
        confined(NOTHING)(lambda: ctypes.string_at(0))()
    assert crashed.value.signal == signal.SIGSEGV
    with pytest.raises(ringfence.KilledError):
        confined(NOTHING)(lambda: os.kill(os.getpid(), signal.SIGKILL))()
    with pytest.raises(ringfence.LimitError) as timed:
        confined(NOTHING, limits=Limits(wall=0.3))(time.sleep)(60)
    assert timed.value.limit == "wall"
    with pytest.raises(ringfence.AnswerTooLongError):
        confined(NOTHING, longest_answer=100)(lambda: "x" * 101)()
    assert confined(NOTHING, longest_answer=100)(lambda: "x" * 50)() == "x" * 50
    with pytest.raises(ringfence.NoAnswerError) as none:
        confined(NOTHING)(lambda: os._exit(7))()
    assert none.value.code == 7
    for error in (crashed, timed, none):
        assert isinstance(error.value, ringfence.ConfineError)


def test_memory_is_limited() -> None:
    def act(size: int) -> int:
        return len(bytearray(size))

    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    limited = confined(NOTHING, limits=Limits(memory=mapped + (64 << 20), wall=30))(act)
    assert limited(1 << 20) == 1 << 20
    with pytest.raises(MemoryError):
        limited(1 << 30)


def test_descriptors_are_closed_and_nothing_is_left(tmp_path: Path) -> None:
    reader, writer = os.pipe()

    def act() -> list[str]:
        os.write(writer, b"x")
        return os.listdir("/proc/self/fd")

    with pytest.raises(OSError, match="Bad file descriptor"):
        confined(Policy(ro="/proc"))(act)()
    act()
    os.close(writer)
    os.close(reader)

    @confined(Policy(rw=tmp_path))
    def leave() -> None:
        if os.fork() == 0:
            time.sleep(1)
            (tmp_path / "left").touch()
            os._exit(0)

    leave()
    time.sleep(1.3)
    assert not (tmp_path / "left").exists()


def test_it_works_beside_other_threads() -> None:
    stop = threading.Event()

    def make_noise() -> None:
        while not stop.is_set():
            time.sleep(0)

    noise = [threading.Thread(target=make_noise) for _ in range(4)]
    for thread in noise:
        thread.start()
    answers: list[Any] = []

    def work(number: int) -> None:
        @confined(NOTHING, limits=BRIEF)
        def act() -> Any:
            return number, threading.current_thread() is threading.main_thread()

        answers.extend(act() for _ in range(5))

    workers = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    stop.set()
    for thread in noise:
        thread.join()
    assert sorted(answers) == sorted([(number, True) for number in range(6) for _ in range(5)])


def test_hooks_of_forks_are_run(in_process: Any) -> None:
    told = in_process(
        """
import json, os, ringfence
told = []
os.register_at_fork(
    before=lambda: told.append("before"),
    after_in_parent=lambda: told.append("parent"),
    after_in_child=lambda: told.append("child"),
)
there = ringfence.confined(ringfence.Policy())(lambda: told)()
print(json.dumps([there, told]))
"""
    )
    assert told == [["before", "child"], ["before", "parent"]]


def test_random_numbers_differ_in_each_copy() -> None:
    draw = confined(NOTHING)(random.random)
    assert len({draw(), draw(), random.random()}) == 3


def test_a_signal_interrupts_waiting() -> None:
    class Interrupted(Exception):
        pass

    def handler(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(Interrupted):
            confined(NOTHING)(time.sleep)(60)
    finally:
        signal.signal(signal.SIGALRM, before)


def test_what_cannot_be_confined_is_refused() -> None:
    async def coroutine() -> None: ...

    def generator() -> Any:
        yield 1

    for function in (coroutine, generator):
        with pytest.raises(TypeError, match="neither a coroutine nor a generator"):
            confined(NOTHING)(function)
    with pytest.raises(TypeError, match="expected a Policy or Sandbox"):
        confined("ro /")(lambda: 1)()  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="longest_answer"):
        confined(NOTHING, longest_answer=-1)(lambda: 1)()


def test_standard_error_is_the_process_s_own(capfd: pytest.CaptureFixture[str]) -> None:
    @confined(NOTHING)
    def act() -> None:
        print("told", file=sys.__stderr__)
        print("nowhere", file=sys.__stdout__, flush=True)

    act()
    captured = capfd.readouterr()
    assert captured.err == "told\n"
    assert captured.out == ""
