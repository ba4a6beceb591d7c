"""From a config to an agent: which parts are used, and clear words where one cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from omegaconf import OmegaConf

from saycan.affordance import Affordance, Anything, Detected, SuccessValues
from saycan.agent import Agent, Foresight, Language, Limits
from saycan.body import TabletopBody
from saycan.imagination import Meant
from saycan.judging.ceiling import KnowsTheGoal
from saycan.judging.suite import read_scene
from saycan.language.examples import EXAMPLES
from saycan.language.generative import Generative, check_can_write
from saycan.language.planner import Planner, Scoring
from saycan.language.prompt import Style
from saycan.language.study import Rule
from saycan.language.uniform import Uniform
from saycan.next_step import Can, NextStep
from saycan.open_loop import OpenLoop
from saycan.perception import Oracle, Perception
from sim.cli import InputError
from sim.scenes import SceneSpec, lay_out
from sim.tabletop import Tabletop
from skills import library
from skills.execute import Watch
from skills.library import Skill

MOST_CHARACTERS, MOST_AHEAD = 1000, 5
PERCEPTIONS = ("camera", "oracle")
AFFORDANCES: dict[str, Callable[[Mapping[str, Skill], float], Affordance]] = {
    "values": SuccessValues,
    "undoubting": lambda skills, done: SuccessValues(skills, done, doubting=False),
    "detected": Detected,
    "none": Anything,
}
LANGUAGES: dict[str, Callable[[Any, Any, Mapping[str, Skill], str | None], Language]] = {
    "scored": lambda scorer, agent, skills, goal: build_planner(scorer, agent),
    "uniform": lambda scorer, agent, skills, goal: Uniform(),
    "generative": lambda scorer, agent, skills, goal: Generative(scorer, Style(**agent.prompt)),
    "oracle": lambda scorer, agent, skills, goal: KnowsTheGoal(goal, skills),
}
_BOUNDS = {
    "steps": (1, 1000),
    "tries": (1, 1000),
    "patience": (1, 1000),
    "tau": (0.001, 1000.0),
    **dict.fromkeys(("strength", "overlooked", "undone"), (0.0, 1000.0)),
    **dict.fromkeys(("decline", "least", "hopeless", "done", "doubt", "prior"), (0.0, 1.0)),
}
_ASK_NO_MODEL = {"uniform": 0.0, "oracle": 1e-6}
"""Languages that are no language model, and the least sum of products at which they act: whatever has any chance, they do not doubt."""


def check_instruction(text: Any) -> str:
    """The instruction, if it is one.

    :raises InputError: if it is missing, empty or too long.
    """
    text = "" if text is None else str(text)
    if not text.strip():
        raise InputError(
            'an instruction is missing; say what to do, as in: python -m saycan.run "put the block in the bowl"'
        )
    if len(text) > MOST_CHARACTERS:
        raise InputError(
            f"the instruction has {len(text):,} characters; {MOST_CHARACTERS:,} is the most, so say it shorter"
        )
    if not any(character.isalnum() for character in text):
        raise InputError("the instruction has no word in it; say what to do in a few words")
    return text.strip()


def build_agent(config: Any, scorer: Any = None, goal: str | None = None) -> Agent[TabletopBody]:
    """The agent of a config, in a new world with everything at rest.

    :param scorer: a language model that is loaded already.
    :param goal: what the instruction means, in the goal language; only ``agent=oracle`` looks at it.

    :raises InputError: if the scene, a checkpoint or the language model cannot be had, or there is no such agent.
    """
    layout, a = lay_out(scene_spec(config)), config.agent  # what is quick to check comes before what is slow to load
    check_agent(config, goal)
    skills = library.load_all()
    scorer = scorer or (load_scorer(config.llm) if asks_model(a) else None)
    language, affordance = LANGUAGES[a.language](scorer, a, skills, goal), AFFORDANCES[a.affordance](skills, a.done)
    eyes = build_perception(config.perception)
    world = Tabletop(gui=config.sim.gui)
    world.reset(layout)
    world.settle()
    body = TabletopBody(world, skills, eyes, affordance, Watch(a.hopeless, a.patience))
    agent = (Agent if a.closed_loop else OpenLoop)(body, language, limits_of(a), a.tau, a.strength)
    agent.foresight = build_foresight(a, language, body.meant, body.success_probability)
    return agent


def build_foresight(agent: Any, language: Language, meant: Meant, can: Can) -> Foresight | None:
    """What lets an agent of this config look ahead; None: nothing.

    :param meant: what would be seen after a skill, and ``can``: what would be possible then, as its body knows it.
    """
    if not agent.lookahead:
        looks = agent.next_step and agent.language == "scored" and agent.closed_loop and agent.strength > 0
        return NextStep(language, meant, can, agent.tau, agent.strength) if looks else None
    from saycan.world_model.load import load_once
    from saycan.world_model.lookahead import Lookahead
    from saycan.world_model.rollouts import Dreamer

    models = [load_once(name) for name in agent.world_models]
    return Lookahead(models[0], Dreamer(models, agent.doubt), language, meant, agent.lookahead)


def asks_model(agent: Any) -> bool:
    """Whether an agent of this config asks a language model at all."""
    return agent.language not in _ASK_NO_MODEL


def check_agent(config: Any, goal: str | None = None) -> None:
    """Raise an InputError if an agent's config names a part that does not exist or cannot be used here."""
    agent = config.agent
    if "perception" in config:
        _check_perception(config.perception)
    for key, known in (("language", LANGUAGES), ("affordance", AFFORDANCES)):
        if agent[key] not in known:
            raise InputError(f"agent.{key} must be one of {', '.join(known)}, not '{agent[key]}'")
    for key, (low, high) in _BOUNDS.items():
        if not low <= agent[key] <= high:
            raise InputError(f"agent.{key} must be from {low} to {high}, not {agent[key]}")
    if not 0 <= agent.prompt.examples <= len(EXAMPLES):
        raise InputError(f"agent.prompt.examples must be from 0 to {len(EXAMPLES)}, not {agent.prompt.examples}")
    if agent.language == "oracle" and goal is None:
        raise InputError(
            "agent=oracle has to know the goal, so it works in the benchmark only; choose another agent, such as agent=full"
        )
    if agent.lookahead and not (agent.closed_loop and 0 < agent.lookahead <= MOST_AHEAD and agent.world_models):
        raise InputError(
            f"agent.lookahead must be 0 to {MOST_AHEAD}, with agent.closed_loop=true and something in agent.world_models=[...]"
        )
    if agent.language == "generative":
        check_can_write(config.llm.kind)


def build_planner(scorer: Any, agent: Any) -> Planner:
    """The language half of an agent's config."""
    return Planner(scorer, build_rule(agent).scoring, Style(**agent.prompt))


def build_rule(agent: Any) -> Rule:
    """All that an agent's config says about what is chosen, once the language model has been asked."""
    names = ("prior", "by_length", "phantoms", "margin", "lacking", "overlooked", "undone")
    scoring = Scoring(**{name: agent[name] for name in names})
    return Rule(scoring, agent.tau, agent.strength, agent.done, agent.decline, agent.least)


def limits_of(agent: Any) -> Limits:
    """When an agent of this config stops by itself. How sure a language model has to be is for those that ask one."""
    if not asks_model(agent):
        least = _ASK_NO_MODEL[agent.language]
        return Limits(steps=agent.steps, tries=agent.tries, decline=least, least=least)
    return Limits(steps=agent.steps, tries=agent.tries, decline=agent.decline, least=agent.least)


def scene_spec(config: Any) -> SceneSpec:
    """The scene that a config describes.

    :raises InputError: if keys of it are missing, unknown or of a wrong type.
    """
    scene: Any = OmegaConf.to_container(config.scene)
    return read_scene({"seed": config.seed, **{key: value for key, value in scene.items() if value is not None}})


def build_perception(config: Any) -> Perception:
    """The perception of a config, that has seen nothing yet.

    :raises InputError: if there is none of that name, or its networks cannot be had.
    """
    _check_perception(config)
    if config.name == "oracle":
        return Oracle()
    from saycan.perception import open_eyes  # imports open_clip, which takes a while

    return open_eyes(config)


def _check_perception(config: Any) -> None:
    if config.name not in PERCEPTIONS:
        raise InputError(f"there is no perception '{config.name}'; there is {', '.join(PERCEPTIONS)}")


def load_scorer(llm: Any) -> Any:
    """The language model of a config, ready to score.

    :raises InputError: if it cannot be had, or its server cannot be used.
    """
    adapter = getattr(llm, "adapter", None)
    if llm.kind == "openai":
        if adapter is not None:
            raise InputError(
                "llm.adapter (planner=trained) is for models that run here: choose planner=base with llm=openai"
            )
        from saycan.language.openai_client import connect

        return connect(llm)
    if llm.kind != "transformers":
        raise InputError(f"llm.kind must be transformers or openai, not '{llm.kind}'")
    from saycan.language.weights import DTYPES, load

    if llm.model is None:
        raise InputError("which language model? Set llm.model to a Hugging Face id, a folder or a .gguf file")
    if llm.dtype not in DTYPES:
        raise InputError(f"llm.dtype must be one of {', '.join(DTYPES)}, not '{llm.dtype}'")
    parts = load(str(llm.model), llm.dtype, adapter)
    from saycan.language.scorer import TrieScorer  # after load, which imports transformers in a quicker way

    return TrieScorer(*parts)
