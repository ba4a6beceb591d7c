"""What watching the value while acting is worth: ``python -m skills.recovery episodes=200``.

Every episode is disturbed once: the thing is moved, knocked out of the hand, or the drawer is shoved. First each skill alone: how much
time goes into tries that fail, with and without stopping when the value has collapsed, and how many tries that would have succeeded are
stopped. Then two skills in a row, decided anew after each try: a thing has to get into a bowl within a time limit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from rich.progress import track

from sim.cli import InputError, command, output_folder, print_json
from sim.files import write_whole
from sim.relations import is_in
from sim.tabletop import Tabletop
from skills.disturb import disturb
from skills.envs import SkillEnv, begin
from skills.execute import Watch, execute
from skills.library import Skill, load_all
from skills.observation import Sight
from skills.tasks import Target, starts

_LIMIT = 150  # control steps for both skills together


def one_skill(skill: Skill, episodes: int, seed: int, watch: Watch) -> dict[str, Any]:
    """Run tries to their end and note where the watch would have stopped them: both arms from the same episodes."""
    env = SkillEnv(skill.task, disturbed=1.0)
    rows = []
    for episode in range(episodes):
        observation, info = env.reset(seed=seed if episode == 0 else None)
        steps, low, stopped, over = 0, 0, 0, False
        while not over:
            observation, _, over, _, info = env.step(skill.policy.act(observation))
            steps += 1
            low = low + 1 if skill.value.probability(observation[None])[0] < watch.least else 0
            if low >= watch.patience and not stopped and not over:
                stopped = steps
        rows.append((info["is_success"], steps, stopped or steps, bool(stopped)))
    env.close()
    success, steps_without, steps_with, stops = (np.array(column) for column in zip(*rows, strict=True))
    failed = ~success.astype(bool)
    return {
        "success_unwatched": round(float(success.mean()), 3),
        "success_watched": round(float((success & ~stops).mean()), 3),
        "stopped": int(stops.sum()),
        "stopped_wrongly": int((stops & success).sum()),
        "steps_in_failures_unwatched": int(steps_without[failed].sum()),
        "steps_in_failures_watched": int(steps_with[failed].sum()),
    }


def two_skills(library: Mapping[str, Skill], seed: int, watch: Watch | None) -> tuple[bool, int]:
    """Get a block into a bowl, disturbed once on the way; after each try decide anew by what is in the hand.

    :return: whether it got there in time, and the control steps it took.
    """
    rng = np.random.default_rng(seed)
    block, bowl = starts.thing(rng, ("block",)), starts.thing(rng, ("bowl",))
    layout = starts.scatter(rng, block, starts.scatter(rng, bowl, {}))
    world, steps, disturbed_at = Tabletop(), 0, int(rng.integers(5, 40))
    begin(world, starts.empty_handed(rng, starts.clutter(rng, layout, 3), Target(block.name)))

    def each_step() -> None:
        nonlocal steps
        steps += 1
        if steps == disturbed_at:
            disturb(world, block.name, rng)

    def look() -> Sight:
        state = world.state()
        return Sight(state.hand, state.boxes, state.held, state.drawer)

    done = False
    while steps < _LIMIT and not done:
        holds = world.state().held == block.name
        skill, target = (library["place_in"], Target(bowl.name)) if holds else (library["pick"], Target(block.name))
        execute(world, skill, target, look, watch, each_step)
        world.wait(6)
        steps += 6
        state = world.state()
        done = state.held is None and is_in(state.boxes[block.name], state.boxes[bowl.name])
    world.close()
    return done and steps <= _LIMIT, min(steps, _LIMIT)


@command("recovery")
def main(config: Any) -> int:
    """Measure both, print a line for each skill and one line of JSON."""
    if config.episodes < 1:
        raise InputError(f"episodes must be at least 1, not {config.episodes}")
    folder = output_folder(config, "recovery")
    library, watch = load_all(), Watch(config.hopeless, config.patience)
    figures: dict[str, Any] = {"episodes": config.episodes, "hopeless": watch.least, "patience": watch.patience}
    for name, skill in library.items():
        figures[name] = one_skill(skill, config.episodes, config.seed, watch)
        print(f"{name}: {figures[name]}", flush=True)
        write_whole(folder / "recovery.json", json.dumps(figures, indent=2) + "\n")
    seeds = range(config.seed, config.seed + config.episodes)
    for name, w in (("unwatched", None), ("watched", watch)):
        rows = [two_skills(library, seed, w) for seed in track(seeds, f"pick and place, {name}")]
        figures[f"pick_and_place_{name}"] = {
            "success": round(float(np.mean([r[0] for r in rows])), 3),
            "control_steps": round(float(np.mean([r[1] for r in rows])), 1),
        }
    write_whole(folder / "recovery.json", json.dumps(figures, indent=2) + "\n")
    print_json({**figures, "out": str(folder)})
    return 0


if __name__ == "__main__":
    main()
