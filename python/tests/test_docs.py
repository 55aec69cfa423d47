"""The how-to page (docs/python.md): its blocks of Python, run one after the other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import ringfence

DOCS = Path(__file__).parents[2] / "docs"


def test_the_blocks_of_the_page_hold(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "python.md").read_text(), re.DOTALL)
    assert len(blocks) >= 7
    ended = subprocess.run(
        [sys.executable, "-c", "\n".join(blocks)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert ended.returncode == 0, ended.stderr


def test_the_page_names_every_error() -> None:
    page = (DOCS / "python.md").read_text()
    errors = [name for name in ringfence.__all__ if name.endswith(("Error", "Expired"))]
    assert [name for name in errors if f"`{name}`" not in page] == []
