"""A suite of tasks, judged: ``python -m saycan.benchmark suite=dev``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from saycan.judging.campaign import Campaign, make_campaign
from saycan.judging.charts import draw
from saycan.judging.ledger import Ledger
from saycan.judging.report import write_benchmark_report
from saycan.judging.results import write_results
from saycan.judging.runner import run_all
from saycan.judging.watch import Watcher
from sim.cli import InputError, command, output_folder, print_json
from sim.processes import CtrlC


@command("benchmark")
def main(config: Any) -> int:
    """Run the trials, then write what came of them. Ctrl-C stops the trials and keeps what was done."""
    campaign = make_campaign(config)
    folder = output_folder(config, "benchmark")
    ledger = Ledger(folder, campaign.settings, config.resume)
    left = campaign.left(ledger.rows)
    stopped, broken = False, None
    try:
        with (
            CtrlC() as interrupt,
            Watcher(len(campaign.jobs), len(campaign.jobs) - len(left), config.progress) as watcher,
            closing(run_all(left, campaign.config, config.workers, folder)) as rows,
        ):
            for row in rows:
                ledger.append({**row, "commit": campaign.setup["commit"]})
                watcher.show(row)
                interrupt.check()
    except KeyboardInterrupt:
        stopped = True
    except (InputError, OSError) as error:
        broken = error
    if broken is None or ledger.rows:  # what was done is worth a report, however it ended
        with undisturbed():
            publish(folder, campaign, ledger, stopped or broken is not None)
    if broken is not None:
        raise broken
    if stopped:
        sys.stdout.flush()
        os._exit(130)  # at once: to take down an interpreter with PyTorch in it can take seconds
    return 0


@contextmanager
def undisturbed() -> Iterator[None]:
    """Meanwhile Ctrl-C does nothing: what was done is being written. Afterwards it does what it did before, for the next run of a sweep."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def publish(folder: Path, campaign: Campaign, ledger: Ledger, stopped: bool) -> None:
    """Write results, charts and report; print the figures as one line of JSON."""
    rows = campaign.wanted(ledger.rows)
    commits = ", ".join(dict.fromkeys(row["commit"] for row in rows)) or campaign.setup["commit"]
    results = write_results(folder, {**campaign.setup, "commit": commits, "stopped": stopped}, rows)
    charts = draw(rows)
    for name, png in charts.items():
        (folder / f"{name}.png").write_bytes(png)
    write_benchmark_report(folder, results, rows, charts, OmegaConf.to_yaml(OmegaConf.create(campaign.config)))
    print_json({**results, "out": str(folder)})


if __name__ == "__main__":
    main()
