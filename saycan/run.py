"""The main job: ``python -m saycan.run "put the block in the bowl"``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from saycan.build import build_agent, check_instruction
from saycan.film import Film
from saycan.gif import write_gif
from saycan.maps import affordance_maps
from saycan.report import write_report
from saycan.show import Terminal
from saycan.types import Episode, Step
from sim.cli import command, output_folder
from sim.files import write_whole


@command("run", positional="instruction")
def main(config: Any) -> int:
    """Follow an instruction; show it, and keep it in episode.json, report.html and episode.gif."""
    instruction = check_instruction(config.instruction)
    agent = build_agent(config)
    folder = output_folder(config, "run")
    film = Film(agent.body.world) if config.video else None
    agent.body.each_step = film.tick if film else None
    terminal = Terminal()

    def on_step(step: Step) -> None:
        if film and step.outcome is None:
            film.mark()
        terminal.step(step)

    terminal.start(instruction, agent.body.perceive())
    episode = agent.run(instruction, on_step)
    if film:
        film.shoot()
    _keep(folder, episode, film, config, affordance_maps(episode, agent.body.library) if config.video else None)
    terminal.end(episode, str(folder))
    agent.body.world.close()
    return 0 if episode.outcome == "done" else 1


def _keep(folder: Path, episode: Episode, film: Film | None, config: Any, maps: bytes | None) -> None:
    data = {**episode.to_json(), "perception": config.perception.name, "seed": config.seed}
    write_whole(folder / "episode.json", json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    if film:
        write_gif(folder / "episode.gif", episode, film)
    write_report(folder / "report.html", episode, film, OmegaConf.to_yaml(config), maps)


if __name__ == "__main__":
    main()
