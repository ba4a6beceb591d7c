"""What the language model reads: examples, then the scene, the instruction and what was done so far."""

from __future__ import annotations

from collections.abc import Sequence

from saycan.types import Episode, SceneView

EXAMPLES = """\
Scene: red block, green block, blue bowl, yellow bowl.
Human: put the green block in the blue bowl.
Robot:
1. pick up the green block
2. put it in the blue bowl
3. done

Scene: orange block, purple block, pink bowl.
Human: stack the purple block on the orange block.
Robot:
1. pick up the purple block
2. put it on the orange block
3. done

Scene: yellow block, pink block, green bowl.
Human: put all blocks in the bowl.
Robot:
1. pick up the yellow block
2. put it in the green bowl
3. pick up the pink block
4. put it in the green bowl
5. done

Scene: purple bowl, red block, in the hand: blue block.
Human: I want the blue block in the bowl.
Robot:
1. put it in the purple bowl
2. done

"""


def prompt(episode: Episode, view: SceneView) -> str:
    """The text that the next skill continues. It ends with the number of the step.

    The scene is the one at the start of the episode, so that what was read stays valid: what changed since is in the steps.
    """
    first = episode.steps[0].view if episode.steps else view
    instruction = " ".join(
        episode.instruction.split()
    )  # one line: the instruction must not look like the prompt's own lines
    lines = [f"{k}. {text}" for k, text in enumerate(history(episode), start=1)]
    return f"{EXAMPLES}Scene: {scene(first)}.\nHuman: {instruction.rstrip('.')}.\nRobot:\n" + "\n".join(
        [*lines, f"{len(lines) + 1}."]
    )


def scene(view: SceneView) -> str:
    """The things that are seen, in words."""
    inside = {a: f"{a} ({relation} the {b})" for relation, a, b in view.relations}
    things = [inside.get(name, name) for name in view.boxes if name != view.held]
    return ", ".join([*things, *([f"in the hand: {view.held}"] if view.held else [])]) or "nothing"


def history(episode: Episode) -> list[str]:
    """What was done so far; what failed is said to have failed."""
    done: list[str] = []
    for step in episode.steps:
        if step.choice is not None and step.outcome is not None:
            done.append(step.choice.text + ("" if step.outcome.success else " (failed)"))
    return done


def continuation(text: str) -> str:
    """A skill's text as it would continue the prompt, closed so that no text is the beginning of another."""
    return f" {text}\n"


def unknown_things(instruction: str, names: Sequence[str], classes: Sequence[str]) -> list[str]:
    """Phrases of one to three words of the instruction that no thing of the scene answers to: what it might be about instead.

    A phrase counts as known if each of its words is part of a thing's name, of its classes, or a plural of one.
    """
    known = {word for name in (*names, *classes) for word in name.lower().split()}
    known |= {word + "s" for word in known}
    words = [w.strip(".,!?;:\"'()").lower() for w in instruction.split()][:60]
    spans = [" ".join(words[i : i + n]) for n in (1, 2, 3) for i in range(len(words) - n + 1)]
    return list(dict.fromkeys(s for s in spans if s.strip() and s.split()[-1] not in known))
