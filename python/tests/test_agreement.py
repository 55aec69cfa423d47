"""The same plans, byte for byte, and the same answers as in Rust and C, by the data that all of them read."""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from conftest import lacking

from ringfence import Decision, Kernel, Plan, Policy

DATA = Path(__file__).parents[2] / "tests" / "data" / "agreement"


def data(name: str) -> Any:
    file = DATA / name
    if not file.exists():
        lacking(f"there is no {file}")
    return json.loads(file.read_text())


def words(line: list[str]) -> dict[str, Any]:
    """Return the arguments for one call of Rust's builder."""
    name, *given = line
    key = name.replace("-", "_")
    if name.startswith("unrestricted-"):
        return {"unrestricted": name.split("-")[1]}
    if name in ("best-effort", "require-complete"):
        return {key: True}
    if name == "minimum-abi":
        return {key: int(given[0])}
    if name in ("allow-class", "deny-class"):
        return {name.split("-")[0]: given[0]}
    if name == "other-syscalls":
        return {"syscalls": {"others": given[0]}}
    if name.endswith("-syscalls"):
        return {"syscalls": {name.split("-")[0]: given[0].split(",")}}
    if not name.startswith("allow"):
        return {key: given[0]}
    access, path, *excepted = given
    entry: dict[str, Any] = {"path": path, "access": access.split(",")}
    if excepted:
        entry["except"] = excepted
    entry.update({"allow-if-present": {"optional": True}, "allow-matching": {"glob": True}}.get(name, {}))
    return {"fs": entry}


def built(lines: list[list[str]]) -> Policy:
    """Return the policy of some lines, in their order."""
    return reduce(Policy.merge, (Policy(**words(line)) for line in lines), Policy())


def asked(plan: Plan, ask: list[str]) -> Decision:
    kind, *about = ask
    if kind == "path":
        return plan.decide(about[0], about[1])
    if kind == "port":
        return plan.decide(about[0], int(about[1]))
    if kind == "class":
        return plan.decide_class(about[0])
    if kind == "rename":
        path, what, to, over = about
        return plan.decide_rename(path, to, kind=what, over=None if over == "none" else over)
    if kind == "exchange":
        path, what, other, other_kind = about
        return plan.decide_exchange(path, other, kind=what, other_kind=other_kind)
    assert kind == "link", ask
    path, what, to = about
    return plan.decide_link(path, to, kind=what)


def answer(decision: Decision) -> str:
    assert decision.allowed == (decision.by in ("lines", "unrestricted", "open"))
    by = {"lines": "allowed", "landlock": "denied-by-landlock", "seccomp": "denied-by-seccomp"}
    return by.get(decision.by, decision.by)


@pytest.fixture(scope="module")
def agreed() -> list[tuple[Plan, Plan, Any]]:
    """Return the plan of each policy as words and as a manifest, and what was agreed on."""
    return [
        (built(each["lines"]).plan(kernel), Policy.from_yaml(each["yaml"]).plan(kernel), each)
        for each in data("policies.json")
        for kernel in [Kernel(each["abi"])]
    ]


def test_plans_are_those_of_the_workbench(agreed: Any, workbench: str, tmp_path: Path) -> None:
    assert len(agreed) == 50
    for by_words, by_yaml, each in agreed:
        # The name that a text without a file has.
        (tmp_path / "policy").write_text(each["yaml"])
        command = [workbench, "plan", "--abi", str(each["abi"]), "--json", "--policy", "policy"]
        shown = subprocess.run(command, capture_output=True, cwd=tmp_path, env=os.environ)
        assert by_yaml.json().encode() == shown.stdout, each["yaml"]
        # Lines of a manifest name their places, and come in the order of its keys; nothing else differs.
        placeless = re.sub(r"policy:\d+: ", "", by_yaml.json())
        assert in_order(by_words.json()) == in_order(placeless), each["lines"]


def in_order(plan: str) -> Any:
    shown = json.loads(plan)
    shown["lines"].sort(key=lambda row: row["item"])
    shown["refusals"].sort()
    return shown


def test_answers_are_those_of_rust(agreed: Any) -> None:
    questions = data("questions.json")
    assert len(questions) == 1000
    for each in questions:
        for plan in agreed[each["policy"]][:2]:
            assert answer(asked(plan, each["ask"])) == each["answer"], each
