"""What a person sees in the terminal."""

from __future__ import annotations

import numpy as np
from rich.bar import Bar
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from saycan.language.prompt import scene
from saycan.types import Episode, SceneView, Step

_BEST = 5
_ENDINGS = {"done": "[bold green]Done.[/]", "gave_up": "[bold red]Gave up.[/]", "declined": "[bold yellow]Declined.[/]"}


class Terminal:
    """Prints an episode while it happens."""

    def __init__(self, console: Console | None = None):
        self._console = console or Console()
        self._count = 0

    def start(self, instruction: str, view: SceneView) -> None:
        """The instruction and what is on the table."""
        self._console.print("\n[bold]Instruction:[/]", end=" ")
        self._console.print(instruction, markup=False, highlight=False)
        self._console.print(f"[bold]On the table:[/] {scene(view)}")

    def step(self, step: Step) -> None:
        """A decision, and later its outcome."""
        if step.outcome is not None:
            mark = "[green]succeeded[/]" if step.outcome.success else "[red]failed[/]"
            self._console.print(f"   {mark} after {step.outcome.control_steps / 24:.1f} s of motion")
            return
        self._count += 1
        choice = step.choice.text if step.choice else "nothing"
        self._console.print(f"\n[bold]{self._count}. {choice}[/]   [dim](decided in {step.seconds:.2f} s)[/]")
        self._console.print(_table(step))

    def end(self, episode: Episode, folder: str) -> None:
        """How it ended, and where the files are."""
        self._console.print(f"\n{_ENDINGS[episode.outcome]} {escape(episode.reason)} ({episode.seconds:.1f} s)")
        files = f"Report: {folder}/report.html   Data: {folder}/episode.json\n"
        self._console.print(files, markup=False, highlight=False, soft_wrap=True)


def _table(step: Step) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    for title in ("", "skill", "say", "", "can", "", "product", ""):
        table.add_column(title, no_wrap=True)
    for i in step.best(_BEST):
        say, can, product = float(np.exp(step.say[i])), float(step.can[i]), float(step.product[i])
        chosen = i == step.chosen
        row: list[str | Bar] = ["[bold]>[/]" if chosen else " ", step.candidates[i].text]
        for number, colour in ((say, "blue"), (can, "green"), (product, "magenta")):
            row += [f"{number:.3f}", Bar(1.0, 0.0, number, width=8, color=colour)]
        table.add_row(*row, style="bold" if chosen else "")
    return table
