"""Runs of the benchmark beside each other: ``python -m saycan.compare runs=[DIR,DIR]``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markdown import Markdown

from saycan.judging.charts import by_family
from saycan.judging.comparison import compare, load_run, markdown
from sim.cli import InputError, command, output_folder, print_json
from sim.files import write_whole


@command("compare")
def main(config: Any) -> int:
    """Load, compare, write; the last line is JSON."""
    if not config.runs:
        raise InputError("which runs? Give their folders as runs=[DIR,DIR]; the others are compared with the first")
    found = compare([load_run(Path(str(folder))) for folder in config.runs])
    folder = output_folder(config, "comparison")
    text = markdown(found)
    write_whole(folder / "comparison.md", text)
    write_whole(folder / "comparison.json", json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    (folder / "comparison.png").write_bytes(
        by_family({name: row["summary"]["all"] for name, row in found["runs"].items()})
    )
    if sys.stderr.isatty():
        Console(stderr=True).print(Markdown(text))
    print_json({**found, "out": str(folder)})
    return 0


if __name__ == "__main__":
    main()
