"""The pages: their blocks of Python, run one after the other."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import ringfence

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

#: What a page speaks of as given.
GIVEN = """
code, document = "print(6 * 7)", "a title"

def parse(document):
    return document.title()
"""
#: What holds at the end of a page that does not say so itself.
HOLDS = {"README.md": 'assert (ended.stdout, title) == (b"42\\n", "A Title")'}


def blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)


FOLDERS = [DOCS, ROOT / "examples", ROOT / "python"]
ALL = [ROOT / "README.md", *(page for folder in FOLDERS for page in sorted(folder.rglob("*.md")))]
PAGES = [page for page in ALL if blocks(page)]


def test_the_pages_are_found() -> None:
    assert ROOT / "README.md" in PAGES
    assert len(blocks(DOCS / "python.md")) >= 7


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_hold(page: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "\n".join([GIVEN, *blocks(page), HOLDS.get(page.name, "")])],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        # The programs of the system, which a page's policy allows to execute.
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert ended.returncode == 0, ended.stderr


def test_the_table_of_languages_names_all_of_the_package_and_nothing_else() -> None:
    page = (DOCS / "reference" / "languages.md").read_text()
    cells = [line.split(" | ")[-1] for line in page.splitlines() if line.startswith("| ")][2:]
    code = re.findall(r"`([A-Za-z_.]+)(?:\(([^)]*)\))?`", "\n".join(cells))
    named = {path for path, _ in code if path not in ("optional", "glob", "except")}
    for path in named:
        found: object = ringfence
        for part in path.split("."):
            found = getattr(found, part)
    # The others are of the table of errors on the page about Python.
    names = {name for name in ringfence.__all__ if not name.endswith(("Error", "Expired"))}
    assert names - {path.split(".")[0] for path in named} == set()
    words = {word for path, words in code if path == "Policy" for word in re.findall(r"(\w+)=", words)}
    for word in words:
        ringfence.Policy(**{word: None})
    assert len(words) == 16


def test_the_page_names_every_error() -> None:
    page = (DOCS / "python.md").read_text()
    errors = [name for name in ringfence.__all__ if name.endswith(("Error", "Expired"))]
    assert [name for name in errors if f"`{name}`" not in page] == []
