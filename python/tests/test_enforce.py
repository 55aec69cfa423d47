"""Restricting a process for good, in processes of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

START = """
import json, os, sys, threading, ringfence
def can_read(path):
    try:
        open(path).close()
        return True
    except PermissionError:
        return False
"""


def test_a_process_restricts_itself(in_process: Any, secret: Path) -> None:
    told = in_process(
        START
        + f"""
before = [can_read({str(secret)!r}), ringfence.status().no_new_privs]
plan = ringfence.Policy(ro="/usr").enforce()
after = [can_read({str(secret)!r}), ringfence.status().no_new_privs]
print(json.dumps([before, after, bool(plan.decide("read", "/usr")), ringfence.status().seccomp_mode]))
"""
    )
    assert told == [[True, False], [False, True], True, 2]


def test_every_thread_is_restricted(in_process: Any, secret: Path) -> None:
    told = in_process(
        START
        + f"""
go = threading.Event()
answers = []
def work():
    go.wait()
    answers.append(can_read({str(secret)!r}))
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
ringfence.Policy(ro="/usr", allow="signal").enforce()
go.set()
for thread in threads:
    thread.join()
print(json.dumps(answers))
"""
    )
    assert told == [False] * 8


def test_what_it_starts_is_restricted_too_and_layers_are_counted(in_process: Any, secret: Path) -> None:
    told = in_process(
        START
        + f"""
import subprocess
layers = [ringfence.status().landlock_layers]
ringfence.Policy(ro=["/usr", "/lib", {{"path": "/lib64", "optional": True}}], rw="/dev/null").enforce()
layers.append(ringfence.status().landlock_layers)
code = subprocess.run(["cat", {str(secret)!r}], stderr=subprocess.DEVNULL).returncode
inner = ringfence.run(["true"], policy=ringfence.Policy(ro="/usr"))
print(json.dumps([layers[1] - layers[0], code, inner.returncode]))
"""
    )
    assert told == [1, 1, 0]


def test_a_policy_that_cannot_be_had_restricts_nothing(in_process: Any, secret: Path) -> None:
    told = in_process(
        START
        + f"""
refused = []
for policy in (ringfence.Policy(minimum_abi=999), ringfence.Policy(ro="/no/such")):
    try:
        policy.enforce()
    except ringfence.SandboxError as error:
        refused.append(type(error).__name__)
print(json.dumps([refused, can_read({str(secret)!r})]))
"""
    )
    assert told == [["RefusedError", "SandboxError"], True]


def test_too_many_layers_are_an_error_that_says_so(in_process: Any) -> None:
    told = in_process(
        START
        + """
error = None
try:
    for _ in range(20):
        ringfence.Policy(ro="/", unrestricted="syscalls").enforce()
except ringfence.EnforceError as fault:
    error = [str(fault), fault.landlock_holds]
print(json.dumps(error))
"""
    )
    sentence, landlock_holds = told
    assert "16 Landlock layers already" in sentence
    assert landlock_holds is False
