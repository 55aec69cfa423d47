"""Policies in the words of the manifest."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ringfence import Kernel, Limits, Policy, PolicyError, RingfenceError


def test_every_word_of_the_manifest_is_an_argument() -> None:
    policy = Policy(
        ro=["/usr", b"/lib", Path("/etc/hosts")],
        rw={"path": "/srv", "optional": True, "except": [".ssh", "keys"]},
        fs=[{"path": "/dev/null", "access": ["read", "write"]}, {"path": "/a/*.conf", "access": "read", "glob": True}],
        connect_unix="/run/x.sock",
        connect_tcp=[443, "8000-8010", "80,81"],
        bind_tcp=0,
        connect_udp="any",
        bind_udp=[53],
        allow=["netlink"],
        deny="debug",
        syscalls={"allow": "sync", "deny": ["ptrace:ENOSYS", "@mount"]},
        best_effort=True,
        require_complete=False,
        minimum_abi=1,
    )
    assert policy.lines == [
        "ro /usr",
        "ro /lib",
        "ro /etc/hosts",
        "rw /srv except .ssh, keys",
        "read,write /dev/null",
        "read /a/*.conf",
        "connect-unix /run/x.sock",
        "connect-tcp 443",
        "connect-tcp 8000-8010",
        "connect-tcp 80",
        "connect-tcp 81",
        "bind-tcp 0",
        "connect-udp any",
        "bind-udp 53",
        "allow netlink",
        "deny debug",
        "allow-syscalls sync",
        "deny-syscalls ptrace:ENOSYS",
        "deny-syscalls @mount",
    ]


def test_the_words_are_the_keys_of_the_manifest(workbench: str) -> None:
    schema = json.loads(subprocess.run([workbench, "schema"], check=True, capture_output=True).stdout)
    about_the_start = {
        *("version", "description", "include", "command", "directory", "with-deps", "with-deps-of"),
        *("environment", "limits", "lints", "expect"),
    }
    for key in set(schema["properties"]) - about_the_start:
        Policy(**{key.replace("-", "_"): None})


def test_none_is_as_good_as_no_argument() -> None:
    assert Policy(ro=None, best_effort=None) == Policy()
    assert Policy(ro="/usr") == Policy(ro=["/usr"]) != Policy(rw="/usr")


def test_paths_are_taken_as_they_are() -> None:
    # In a manifest these would be a variable and a pattern.
    plan = Policy(ro=["/srv/${HOME}", "/srv/*.conf"]).plan(Kernel(7))
    assert plan.decide("read", "/srv/${HOME}/x")
    assert plan.decide("read", "/srv/*.conf")
    assert not plan.decide("read", "/srv/a.conf")
    assert Policy(ro={"path": "/srv/*.conf", "glob": True}).plan(Kernel(7)).decide("read", "/srv/a.conf")


def test_paths_need_not_be_text() -> None:
    name = os.fsdecode(b"/srv/\xff")
    assert Policy(ro=name).plan(Kernel(7)).decide("read", b"/srv/\xff/x")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"ro": ""}, "cannot use `ro `: the path is empty"),
        ({"ro": "/a\0b"}, "cannot use"),
        ({"rw": {"path": "/a", "optionl": True}}, "rw: unknown key `optionl`; did you mean `optional`?"),
        ({"rw": {"optional": True}}, "rw: a line about a path names none"),
        ({"rw": {"path": "/a", "access": "read"}}, "rw: unknown key `access`"),
        ({"fs": {"path": "/a", "access": []}}, "fs: no word says what is allowed"),
        ({"fs": {"path": "/a", "access": "raed"}}, "did you mean `read`"),
        ({"connect_tcp": 0}, "no program can connect to port 0"),
        ({"connect_tcp": 65536}, "`65536` is no port: ports go from 0 to 65535"),
        ({"connect_tcp": "x"}, "`x` is no port"),
        ({"allow": "netlnk"}, "unknown class `netlnk`; did you mean `netlink`?"),
        ({"allow": "debug", "deny": "debug"}, "another line denies the same"),
        ({"syscalls": {"deny": "ptrce"}}, "ptrace"),
        ({"syscalls": {"dny": "ptrace"}}, "syscalls: unknown key `dny`; did you mean `deny`?"),
        ({"syscalls": {"others": "EWHAT"}}, "`EWHAT` is no answer to a system call"),
        ({"unrestricted": "nett"}, "unknown part `nett`; did you mean `net`?"),
    ],
)
def test_what_means_nothing_is_refused_with_a_sentence(words: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PolicyError) as error:
        Policy(**words)
    assert sentence in str(error.value)
    assert isinstance(error.value, (RingfenceError, ValueError))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"ro": 5}, "ro: expected a str, bytes or path, not int"),
        ({"ro": [None]}, "ro: expected a str, bytes or path, not NoneType"),
        ({"ro": object()}, "ro: expected one or a list of them, not object"),
        ({"fs": "/usr"}, "fs: expected a dict"),
        ({"connect_tcp": True}, "connect_tcp: expected an int, not bool"),
        ({"connect_tcp": 4.5}, "connect_tcp"),
        ({"best_effort": 1}, "best_effort: expected True or False, not int"),
        ({"minimum_abi": "4"}, "minimum_abi: expected an int, not str"),
        ({"syscalls": ["ptrace"]}, "syscalls: expected a dict"),
        ({"conect_tcp": 443}, "unknown word of a policy `conect_tcp`; did you mean `connect_tcp`?"),
    ],
)
def test_what_is_of_a_wrong_type_is_a_type_error(words: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TypeError) as error:
        Policy(**words)
    assert sentence in str(error.value)


@pytest.mark.parametrize("number", [-1, 1 << 64, 1 << 200])
def test_numbers_that_are_none_here_are_value_errors(number: int) -> None:
    for words in ({"minimum_abi": number}, {"bind_tcp": number}):
        with pytest.raises(ValueError, match="is no number from 0 to"):
            Policy(**words)  # type: ignore[arg-type]


def test_an_iterable_that_fails_passes_its_exception_on() -> None:
    def paths() -> Any:
        yield "/usr"
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Policy(ro=paths())


def test_a_manifest_is_read_from_text_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHERE", "/from/environment")
    text = 'version: 1\nro: ["${WHERE}", "${OTHER:-/other}"]\nconnect-tcp: [443]\n'
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    for policy in (Policy.from_yaml(text), Policy.from_file(file), Policy.from_file(str(file))):
        plan = policy.plan(Kernel(7))
        assert plan.decide("read", "/from/environment")
        assert plan.decide("read", "/other")
        assert plan.decide("connect-tcp", 443)
    given = Policy.from_yaml(text, variables={"WHERE": "/given"}).plan(Kernel(7))
    assert given.decide("read", "/given")
    assert not given.decide("read", "/from/environment")


def test_a_variable_that_was_just_set_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for where in ("/one", "/two"):
        monkeypatch.setenv("WHERE", where)
        assert Policy.from_yaml('version: 1\nro: "${WHERE}"\n').plan(Kernel(7)).decide("read", where)


def test_all_that_is_wrong_with_a_manifest_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("version: 1\nrow: [/usr]\nconnect-tcp: [65536]\n")
    with pytest.raises(PolicyError) as error:
        Policy.from_file(file)
    sentence = str(error.value)
    assert "policy.yaml" in sentence
    assert "row" in sentence
    assert "65536" in sentence
    with pytest.raises(PolicyError, match="nowhere"):
        Policy.from_file(tmp_path / "nowhere.yaml")


def test_two_policies_together_allow_what_either_allows() -> None:
    plan = Policy(ro="/a").merge(Policy(rw="/b", connect_tcp=1)).plan(Kernel(7))
    assert plan.decide("read", "/a/x")
    assert plan.decide("write", "/b/x")
    assert plan.decide("connect-tcp", 1)
    with pytest.raises(PolicyError):
        Policy(allow="debug").merge(Policy(deny="debug"))
    with pytest.raises(TypeError):
        Policy().merge("x")  # type: ignore[arg-type]


def test_audit_is_a_word_as_any_other() -> None:
    assert Policy(ro="/usr", audit=True) != Policy(ro="/usr") == Policy(ro="/usr", audit=False)
    assert Policy(audit=True) == Policy.from_yaml("version: 1\naudit: true\n")


def test_what_never_changes_can_be_copied_and_is_not_pickled() -> None:
    policy = Policy(ro="/usr")
    for thing in (policy, policy.plan(), policy.prepare()):
        assert copy.copy(thing) is copy.deepcopy(thing) is thing
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(thing)


def test_what_holds_a_limit_is_told() -> None:
    assert Limits().account() == []
    limits = Limits(memory=1, output=1)
    assert [(row.limit, row.by) for row in limits.account()] == [
        ("memory", "RLIMIT_AS"),
        ("output", "whoever reads the output"),
    ]
    (memory, _) = limits.account(in_cgroup=True)
    assert (memory.by, memory.leaves_open) == ("cgroup", "")
