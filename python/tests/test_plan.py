"""Plans: what the workbench shows, byte for byte, and the answers to questions."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ringfence import Kernel, Policy

QUESTIONS: list[tuple[str, Any]] = [
    ("read", "/usr/bin/env"),
    ("read", "/etc/shadow"),
    ("write", "/usr/bin/env"),
    ("read,execute", "/usr/bin"),
    ("create", "/srv/in/x"),
    ("remove", "/srv/in"),
    ("truncate", "/srv/in/x"),
    ("connect-tcp", 443),
    ("connect-tcp", 444),
    ("bind-udp", 53),
    ("netlink", None),
    ("signal", None),
    ("debug", None),
    ("stat", None),
]


def test_text_and_json_are_what_the_workbench_prints(workbench: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(f"version: 1\nro: [/usr, /lib, /nowhere]\nrw: ['{tmp_path}']\nconnect-tcp: [443, any]\n")
    policy = Policy.from_file(file)
    for abi in [None, *range(13)]:
        kernel = [] if abi is None else ["--abi", str(abi)]
        plan = policy.plan(None if abi is None else Kernel(abi))
        shown = [
            subprocess.run([workbench, "plan", *kernel, "--policy", file, *form], capture_output=True)
            for form in ([], ["--json"])
        ]
        assert plan.text.encode() == shown[0].stdout
        assert plan.json().encode() == shown[1].stdout
        assert plan.starts == (shown[0].returncode == 0)
    assert any("/nowhere" in refusal for refusal in policy.plan().refusals)


def test_answers_are_those_of_the_workbench(workbench: str, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(
        "version: 1\nro: [/usr]\nfs: [{path: /srv, access: [create]}]\nconnect-tcp: [443]\nallow: [debug]\n"
    )
    policy = Policy.from_file(file)
    for abi in (1, 4, 7, 11):
        plan = policy.plan(Kernel(abi))
        for access, about in QUESTIONS:
            question = [access] if about is None else [access, str(about)]
            asked: list[Any] = [workbench, "why", *question, "--policy", file, "--abi", str(abi), "--json"]
            answer = json.loads(subprocess.run(asked, capture_output=True).stdout)
            decision = plan.decide(access, about)
            assert decision.allowed == answer["allowed"], question
            assert decision.lines == answer["by"], question
            # The workbench adds to some what the filter denies as a whole.
            assert answer["reason"].startswith(decision.reason), question


def test_an_answer_says_by_what() -> None:
    policy = Policy(ro="/usr", allow="debug")
    plan = policy.plan(Kernel(7))
    allowed = plan.decide("read", "/usr/x")
    assert allowed
    assert (allowed.by, allowed.lines, allowed.missing) == ("lines", ["ro /usr"], [])
    denied = plan.decide("read,write", "/usr/x")
    assert not denied
    assert (denied.by, denied.lines, denied.missing) == ("landlock", [], ["write"])
    assert plan.decide("connect-udp", 53).by == "seccomp"
    assert plan.decide("debug").by == "unrestricted"
    assert plan.decide("stat").by == "open"
    assert plan.decide("read", "/usr/x") == policy.plan(Kernel(7)).decide("read", "/usr/x")


def test_moves_can_be_asked_about() -> None:
    plan = Policy(rw="/a", fs={"path": "/b", "access": ["read", "create", "remove", "rename"]}).plan(Kernel(7))
    assert plan.decide_rename("/a/x", "/a/y")
    assert plan.decide_rename("/a/x", "/b/y")
    # It could be written at its new place.
    assert plan.decide_rename("/b/x", "/a/y").by == "widens"
    assert plan.decide_link("/a/x", "/b/y")
    assert not plan.decide_link("/a/x", "/c/y")
    assert plan.decide_exchange("/a/x", "/b/y").by == "widens"
    with pytest.raises(ValueError, match=r"unknown kind of file `regulr`; did you mean `regular`\?"):
        plan.decide_rename("/a/x", "/b/y", kind="regulr")


@pytest.mark.parametrize(
    ("access", "about", "sentence"),
    [
        ("raed", "/", "unknown word `raed`; did you mean `read`?"),
        ("read,wirte", "/", "unknown word `wirte`; did you mean `write`?"),
        ("read", None, "`read` is asked about a path; name it"),
        ("read", "usr", "`usr` is no absolute path; see os.path.realpath"),
        ("connect-tcp", None, "`connect-tcp` is asked about a port; name it"),
        ("connect-tcp", 65536, "65536 is no port: ports go from 0 to 65535"),
        ("signal", "/", "`signal` is a class of acts that has neither path nor port"),
    ],
)
def test_questions_without_sense_are_value_errors(access: str, about: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        Policy().plan(Kernel(7)).decide(access, about)


def test_kernels_are_data() -> None:
    assert Kernel(4) == Kernel(4) != Kernel(5)
    assert (Kernel(4).abi, Kernel(4).probed, Kernel(99).reported_abi) == (4, False, 99)
    assert Kernel(0).landlock.startswith("not built into this kernel")
    assert Kernel.probe().probed
    with pytest.raises(TypeError):
        Kernel("4")  # type: ignore[arg-type]
    assert Policy().plan(Kernel.probe()).json() == Policy().plan().json()
