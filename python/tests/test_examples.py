"""The examples (examples/python), run as they stand."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_untrusted_python_runs_with_limits(monkeypatch: pytest.MonkeyPatch, secret: Path) -> None:
    run = load("run_untrusted", monkeypatch).run_untrusted
    honest = run("open('x', 'w').write('1'); print(sum(range(10)), open('x').read())")
    assert (honest.stdout, honest.stderr, honest.returncode, honest.limit) == ("45 1\n", "", 0, None)
    for act in (
        f"open({str(secret)!r})",
        f"import os; os.listdir({str(secret.parent)!r})",
        "import socket; socket.create_connection(('127.0.0.1', 1))",
    ):
        assert "PermissionError" in run(act).stderr, act
    assert "environ({" in run("import os; print(os.environ)").stdout
    assert "PATH" not in run("import os; print(os.environ)").stdout
    # On a busy machine it may not get the five seconds.
    assert run("while True: pass").limit in ("cpu", "wall")
    assert run("while True: print('x' * 1000)").limit == "output"
    assert "MemoryError" in run("bytearray(1 << 40)").stderr


def test_the_program_of_untrusted_python_is_used_from_a_shell(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("print('said')\nraise SystemExit(3)\n")
    ended = subprocess.run([sys.executable, EXAMPLES / "run_untrusted.py", script], capture_output=True, text=True)
    assert (ended.stdout, ended.returncode) == ("said\nended with 3\n", 1)


def test_views_of_a_threaded_server_use_sandboxes(monkeypatch: pytest.MonkeyPatch, secret: Path) -> None:
    serving = pytest.importorskip("werkzeug.serving")
    app = load("flask_views", monkeypatch).app
    server = serving.make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def post(path: str, body: str) -> Any:
        request = urllib.request.Request(f"http://127.0.0.1:{server.port}/{path}", body.encode(), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)

    try:
        with ThreadPoolExecutor(12) as pool:
            runs = [pool.submit(post, "run", f"print({number})") for number in range(24)]
            titles = [pool.submit(post, "title", f"<p><title>t {number}</title>x") for number in range(24)]
            assert [run.result()["output"] for run in runs] == [f"{number}\n" for number in range(24)]
            assert [title.result() for title in titles] == [{"title": f"t {number}"} for number in range(24)]
        assert "PermissionError" in post("run", f"open({str(secret)!r})")["errors"]
        assert "more than 10000 bytes" in post("title", f"<title>{'x' * 20_000}")["error"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_forked_workers_use_sandboxes() -> None:
    ended = subprocess.run(
        [sys.executable, EXAMPLES / "forking_workers.py"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert ended.stdout.startswith("40 checks by "), ended.stderr
    assert ended.stdout.endswith("in their sandboxes: True; own job runs: True\n")
    assert ended.returncode == 0
