"""How well language chooses, without moving an arm: ``python -m saycan.evaluate_language``."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.progress import track

from saycan.agent import Agent
from saycan.build import build_foresight, build_planner, build_rule, check_agent, limits_of, load_scorer
from saycan.imagination import imagine
from saycan.judging import plans
from saycan.judging.decisions import Decision, decisions
from saycan.judging.plans import Plan
from saycan.judging.rehearsal import Rehearsal
from saycan.judging.results import wilson
from saycan.judging.suite import Suite, load_suite, start_state
from saycan.language.planner import Planner
from saycan.language.study import Rule, score
from sim.cli import InputError, command, output_folder, print_json
from skills import library

COLUMNS = ("n", "steps", "first", "false_refusals", "false_actions")


@command("evaluate_language")
def main(config: Any) -> int:
    """Read, score, print a table and one line of JSON."""
    if config.every < 1:
        raise InputError(f"every must be 1 or more, not {config.every}")
    if (config.agent.language, config.agent.affordance, config.agent.closed_loop) != ("scored", "values", True):
        raise InputError(
            "this measures how the language model scores beside the skills' values; choose agent=full or agent=no_affordance"
        )
    if not (config.choices or config.rehearse):
        raise InputError("choices=false leaves nothing to measure; add rehearse=true")
    check_agent(config)
    suite, skills = load_suite(config.suite), library.load_all()
    folder = output_folder(config, "language")
    planner = build_planner(load_scorer(config.llm), config.agent)
    quiet = not (config.progress and sys.stderr.isatty())
    figures: dict[str, Any] = {"suite": suite.name, "tasks": len(suite.tasks)}
    texts: list[str] = []
    if config.choices:
        figures |= choices(config, suite, skills, planner, quiet, texts)
    if config.rehearse:
        found = rehearse(config, suite, skills, planner, quiet)
        figures |= {"plans": plans.shares(found), "plans_ci95": wilson(sum(p.right for p in found), len(found))}
        plans.write(folder / "plans.jsonl", found)
        texts.append(plans.markdown(found))
    Console(stderr=True).print(Markdown("\n".join(texts)))
    (folder / "language.md").write_text("\n".join(texts))
    print_json(figures)
    return 0


def choices(config: Any, suite: Suite, skills: Any, planner: Planner, quiet: bool, texts: list[str]) -> dict[str, Any]:
    """Single decisions beside those that are right: figures; tables are added to the texts."""
    rule = build_rule(config.agent)
    asked = list(track(decisions(suite, skills), "Finding right answers", disable=quiet))[:: config.every]
    readings = [
        planner.read(d.episode, d.view, d.candidates, config.compare) for d in track(asked, "Asking", disable=quiet)
    ]
    table = score(rule, asked, readings)
    texts.append(markdown(table))
    if config.compare:
        texts.append(compare(rule, asked, readings))
    return {"decisions": len(asked), **table["all"], "families": table}


def markdown(table: dict[str, dict[str, float]]) -> str:
    """A row for each family."""
    rows = [f"| family | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    rows += [f"| {family} | {' | '.join(_cell(row[c]) for c in COLUMNS)} |" for family, row in table.items()]
    return "\n".join(rows) + "\n"


def compare(rule: Rule, asked: list[Decision], readings: list[Any]) -> str:
    """Other ways of scoring the same readings, a row each."""
    scoring = rule.scoring
    others = {"as configured": rule}
    others |= {f"sum, prior {p}": replace(rule, scoring=replace(scoring, prior=p, by_length=False)) for p in PRIORS}
    others |= {
        f"by length, prior {p}": replace(rule, scoring=replace(scoring, prior=p, by_length=True)) for p in PRIORS
    }
    others |= {f"tau {t}": replace(rule, tau=t) for t in (0.5, 0.7, 1.5, 2.0)}
    others |= {f"done {d}": replace(rule, done=d) for d in (0.25, 0.5, 1.0, 2.0, 4.0)}
    others |= {f"decline {least}": replace(rule, decline=least) for least in (0.0, 0.02, 0.05, 0.1, 0.2, 0.3)}
    others |= {"without phantoms": replace(rule, scoring=replace(scoring, phantoms=False))}
    others |= {"without affordances": replace(rule, strength=0.0)}
    rows = ["| scoring | steps | first | false refusals | false actions |", "|---|---|---|---|---|"]
    for name, other in others.items():
        row = score(other, asked, readings)["all"]
        rows.append(f"| {name} | {' | '.join(_cell(row[c]) for c in COLUMNS[1:])} |")
    return "\n".join(rows) + "\n"


PRIORS = (0.0, 0.3, 0.5, 0.7, 0.85, 1.0)


def rehearse(config: Any, suite: Suite, skills: Any, planner: Planner, quiet: bool) -> list[Plan]:
    """Whole episodes with skills that do what they are meant to."""
    done: list[Plan] = []
    for task in track(suite.tasks[:: config.every], "Rehearsing", disable=quiet):
        body = Rehearsal(start_state(task.scene), skills, config.agent.done)
        agent = Agent(body, planner, limits_of(config.agent), config.agent.tau, config.agent.strength)
        agent.foresight = build_foresight(config.agent, planner, partial(imagine, skills), body.success_probability)
        done.append(plans.rehearse(agent, body, task))
    return done


def _cell(value: float) -> str:
    return "" if value != value else f"{value:.0f}" if value > 1 else f"{value:.3f}"


if __name__ == "__main__":
    main()
