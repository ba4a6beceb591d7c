"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ABOVE = {"sim": {"skills", "saycan"}, "skills": {"saycan"}, "saycan": set()}
FILES = [path for floor in ABOVE for path in sorted((ROOT / floor).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_and_files_stay_short(path: Path) -> None:
    assert not imported(path) & ABOVE[path.relative_to(ROOT).parts[0]]
    assert len(path.read_text().splitlines()) <= 250


def test_the_agent_reads_no_truth_of_the_simulator() -> None:
    may = ("oracle.py", "practice.py", "measure.py", "trials.py")  # perfect perception, training and measuring
    for path in sorted((ROOT / "saycan").rglob("*.py")):
        if path.parent.name != "judging" and path.name not in may:
            assert not [w for w in (".state()", "world.box(", ".owners(") if w in path.read_text()], path
