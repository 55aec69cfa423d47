"""What the tests share. They run as root and as nobody alike, and from whatever directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ringfence

#: What programs need to start, here and on other distributions.
SYSTEM: list[Any] = [
    "/usr",
    *({"path": path, "optional": True} for path in ("/bin", "/lib", "/lib64", "/etc/ld.so.cache")),
]


@pytest.fixture(scope="session")
def base() -> ringfence.Policy:
    """Return a policy under which ordinary programs start, and little else is allowed."""
    return ringfence.Policy(ro=SYSTEM, fs={"path": "/dev/null", "access": ["read", "write"]})


@pytest.fixture(scope="session")
def for_python(base: ringfence.Policy) -> ringfence.Policy:
    """Return one under which this Python starts, with what its packages need."""
    places = {sys.prefix, sys.base_prefix, str(Path(ringfence.__file__).parents[1])}
    return base.merge(ringfence.Policy(ro=sorted(places)))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Return a file that this user may read, and no policy of the tests allows."""
    path = tmp_path / "secret"
    path.write_text("secret\n")
    return path


def lacking(what: str) -> None:
    """Skip a test, or fail where CI asks for all of them."""
    if os.environ.get("RINGFENCE_REQUIRE") == "all":
        pytest.fail(f"RINGFENCE_REQUIRE=all, and {what}")
    pytest.skip(what)


@pytest.fixture(scope="session")
def workbench() -> str:
    """Return the path of the executable `ringfence`."""
    beside = Path(__file__).parents[2] / "target" / "debug" / "ringfence"
    path = os.environ.get("RINGFENCE_WORKBENCH", str(beside))
    if not os.access(path, os.X_OK):
        lacking(f"there is no executable {path}; `cargo build --workspace` makes it")
    return path


@pytest.fixture
def in_process(tmp_path: Path) -> Callable[[str], Any]:
    """Return a function that runs code in a process of its own and reads the JSON that it prints."""

    def run(code: str) -> Any:
        ended = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=60,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Close with the line that `cargo xtask test` adds up."""
    counted = {what: len(terminalreporter.getreports(what)) for what in ("passed", "failed", "error", "skipped")}
    failed = counted["failed"] + counted["error"]
    verdict = "FAILED" if failed else "ok"
    terminalreporter.write_line(
        f"test result: {verdict}. {counted['passed']} passed; {failed} failed; {counted['skipped']} ignored"
    )
