"""Learning learns: PPO on a short training, the success value on a toy, and the way through a file."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import run
from hydra import compose, initialize_config_dir
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from scipy.stats import binomtest
from sklearn.ensemble import HistGradientBoostingClassifier
from torch import nn

from sim.paths import CONFIGS
from skills import checkpoint, library
from skills.checkpoint import CheckpointError
from skills.envs import SkillEnv
from skills.networks import Policy, SuccessValue, mlp
from skills.observation import SIZE, WHEREABOUTS
from skills.ppo import train_policy
from skills.rollouts import Rollouts, collect, roll_out
from skills.statistics import wilson
from skills.tasks import TASKS
from skills.trees import Trees
from skills.value import calibrate, expected_calibration_error, fit, quality, reliability


def settings(*overrides: str) -> object:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose("train", list(overrides)).skill


def mean_return(policy: Policy) -> float:
    env, total = SkillEnv("pick", close=1.0), 0.0
    for episode in range(15):
        observation, over = env.reset(seed=100 if episode == 0 else None)[0], False
        while not over:
            observation, reward, over, _, _ = env.step(policy.act(observation))
            total += reward
    env.close()
    return total / 15


def test_a_short_training_improves_and_repeats(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    short = ["skill=pick", "skill.close=1.0", "skill.n_steps=128"]
    task, files = TASKS["pick"](), tmp_path / "pick"
    still = settings(*short, "skill.control_steps=1", "skill.n_epochs=1", "skill.learning_rate=0.0")
    untrained, _ = train_policy(task, still, 0, files, progress=False)
    trained, critic = train_policy(task, settings(*short, "skill.control_steps=16000"), 0, files, progress=False)
    assert mean_return(trained) > mean_return(untrained) + 0.3
    assert (tmp_path / "pick.curve.csv").read_text().count("\n") > 5
    assert critic[0].in_features == SIZE


def test_training_goes_on_from_a_given_policy(tmp_path: Path) -> None:
    shipped = library.load(library.path_of("pick"))
    still = settings("skill=pick", "skill.control_steps=0")
    policy, critic = train_policy(
        TASKS["pick"](), still, 0, tmp_path / "pick", progress=False, given=(shipped.policy, shipped.critic)
    )
    seen = np.random.default_rng(0).normal(size=(20, SIZE)).astype(np.float32)
    assert np.allclose(policy.act(seen), shipped.policy.act(seen), atol=1e-5)
    assert shipped.critic is not None
    assert torch.allclose(critic(torch.from_numpy(seen)), shipped.critic(torch.from_numpy(seen)), atol=1e-4)
    other = Policy(mlp([SIZE, 32, 5], nn.Tanh))
    with pytest.raises(CheckpointError, match="hidden"):
        train_policy(TASKS["pick"](), still, 0, tmp_path / "other", progress=False, given=(other, None))


def test_same_seed_same_training_whatever_the_number_of_processes(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    tiny, task = settings("skill=push", "skill.control_steps=1000", "skill.n_steps=32"), TASKS["push"]()
    runs = [train_policy(task, tiny, 5, tmp_path / str(n), progress=False, processes=n)[0] for n in (1, 1, 2)]
    weights = [torch.cat([w.flatten() for w in policy.network.state_dict().values()]) for policy in runs]
    assert torch.equal(weights[0], weights[1]) and torch.equal(weights[0], weights[2])


def test_rollouts_do_not_depend_on_workers_and_survive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skills.rollouts._CHUNK", 40)  # workers are forked, so they have it, too
    policy, task = library.load_all(["place_at"])["place_at"].policy, TASKS["place_at"]()
    one = collect(task, policy, 60, 4, None, 1, doubtful=0.5)
    two = collect(task, policy, 60, 4, tmp_path, 2, doubtful=0.5)
    assert np.array_equal(one.observations, two.observations) and one.starts.success.shape == (60,)
    chunk = sorted(tmp_path.glob("*.safetensors"))[0]
    chunk.unlink()
    again = collect(task, policy, 60, 4, tmp_path, 1, doubtful=0.5)
    assert np.array_equal(one.observations, again.observations) and np.array_equal(one.episode, again.episode)


def test_stored_rollouts_are_taken_only_for_the_same_policy_episodes_and_settings(tmp_path: Path) -> None:
    policy, task = networks()[0], TASKS["push"]()
    collect(task, policy, 1, 4, tmp_path)
    stored = tmp_path / "4-000.safetensors"
    tensors, record = checkpoint.read(stored)
    checkpoint.write(stored, tensors, {**record, "control_steps": -1})  # to tell what was stored from what is made anew
    assert collect(task, policy, 1, 4, tmp_path).control_steps == -1
    for other, kind, episodes, doubtful in [
        (policy, "push", 2, 0.0),
        (networks()[0], "push", 1, 0.0),
        (policy, "open_drawer", 1, 0.0),
        (policy, "push", 1, 1.0),
    ]:
        checkpoint.write(stored, tensors, {**record, "control_steps": -1})
        anew = collect(TASKS[kind](), other, episodes, 4, tmp_path, **({"doubtful": doubtful} if doubtful else {}))
        assert anew.control_steps > 0 and len(anew.starts.success) == episodes


def test_wilson_intervals_are_those_of_scipy() -> None:
    for successes, n in [(0, 1), (1, 1), (0, 10), (17, 20), (20, 20), (491, 500)]:
        theirs = binomtest(successes, n).proportion_ci(method="wilson")
        assert wilson(successes, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_commit_is_that_of_our_own_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / ".venv" / "checkpoint.py"
    inside.parent.mkdir()
    inside.touch()
    monkeypatch.setattr("skills.checkpoint._HERE", inside)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "somebody's"], check=True)
    assert checkpoint.provenance()["commit"] == "unknown"
    subprocess.run([*git, "add", str(inside)], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert head.startswith(checkpoint.provenance()["commit"])
    monkeypatch.setenv("PATH", str(tmp_path))  # no git
    assert checkpoint.provenance()["commit"] == "unknown"


@pytest.mark.parametrize(
    ("module", "arguments", "words"),
    [
        ("skills.evaluate", ["states=0"], "states must be at least 1"),
        ("skills.evaluate", ["states=-5"], "states must be at least 1"),
        ("skills.figures", ["curves={pick: empty.csv}"], "lists of files"),
        ("skills.figures", ["curves={pick: [empty.csv]}"], "no rows"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, module: str, arguments: list[str], words: str) -> None:
    (tmp_path / "empty.csv").write_text("control_steps,seconds,success\n")
    done = run(module, *arguments, "out=.", cwd=tmp_path)
    assert done.returncode == 2 and words in done.stderr and "Traceback" not in done.stderr


def test_what_only_needs_outcomes_waits_for_no_library() -> None:
    heavy = {"torch", "sklearn", "scipy.stats", "matplotlib"}
    for module, without in [("skills.execute", heavy), ("skills.evaluate", heavy - {"torch"})]:
        told = f"import sys, {module}; print([m for m in {sorted(without)} if m in sys.modules])"
        done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "[]", module


def toy(rng: np.random.Generator, episodes: int = 1500) -> tuple[Rollouts, np.ndarray]:
    x = rng.normal(size=(episodes, SIZE)).astype(np.float32)
    truth = 1 / (1 + np.exp(-3 * x[:, 0]))
    success = (rng.random(episodes) < truth).astype(float)
    return Rollouts(
        x, success, np.arange(episodes), np.ones(episodes, dtype=bool), np.ones(episodes, dtype=bool), 0
    ), truth


def test_the_success_value_is_a_probability_that_is_true(rng: np.random.Generator) -> None:
    value = calibrate(fit(toy(rng)[0], seed=0), toy(rng)[0])
    fresh, truth = toy(rng, 3000)
    assert abs(sum(n for *_, n in reliability(value.probability(fresh.observations), fresh.success)) - 3000) == 0
    said = value.probability(fresh.observations)
    figures = quality(said, fresh.success)
    assert figures["auroc"] is not None and figures["auroc"] > 0.85
    assert figures["ece"] is not None and figures["ece"] < 0.06
    assert np.abs(said - truth).mean() < 0.12


def test_calibration_error_against_a_slow_count(rng: np.random.Generator) -> None:
    said = rng.random(500)
    came = (rng.random(500) < said**2).astype(float)
    slow = 0.0
    for low in np.arange(0, 1, 0.1):
        mine = (said >= low) & (said < low + 0.1)
        slow += mine.mean() * abs(said[mine].mean() - came[mine].mean()) if mine.any() else 0.0
    assert expected_calibration_error(said, came) == pytest.approx(slow, abs=1e-6)


def networks() -> tuple[Policy, SuccessValue]:
    return Policy(mlp([SIZE, 8, 5], nn.Tanh).eval()), SuccessValue(deepcopy(grown()), 1.5, -0.2)


@cache  # as it takes a second
def grown() -> Trees:
    return fit(toy(np.random.default_rng(0), 400)[0], seed=0).trees


@given(st.integers(0, 1000), st.integers(2, 40), st.integers(1, 60))
@hypothesis_settings(max_examples=15, deadline=None)
def test_trees_say_what_scikit_learn_says(seed: int, leaves: int, rounds: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(200, 7)).astype(np.float32)
    y = x[:, 0] * x[:, 1] + 0.3 * rng.normal(size=200) > 0
    model = HistGradientBoostingClassifier(max_iter=rounds, max_leaf_nodes=leaves, min_samples_leaf=3).fit(x, y)
    trees = Trees.from_tensors(Trees.of(model).tensors("value"), "value")
    assert np.allclose(1 / (1 + np.exp(-trees(x))), model.predict_proba(x)[:, 1], atol=1e-9)


@pytest.mark.parametrize("damage", ["left", "feature", "shape", "gone"])
def test_trees_that_lead_nowhere_are_refused(damage: str) -> None:
    tensors = networks()[1].trees.tensors("value")
    if damage == "left":
        tensors["value.left"][0, 5] = 0  # back to the root: a walk would never end
    elif damage == "feature":
        tensors["value.feature"][0, 0] = SIZE + WHEREABOUTS
    elif damage == "shape":
        tensors["value.leaf"] = tensors["value.leaf"][:, 1:]
    else:
        del tensors["value.threshold"]
    with pytest.raises(CheckpointError, match="trees"):
        Trees.from_tensors(tensors, "value")


def test_a_skill_that_always_works_has_a_value_too(rng: np.random.Generator) -> None:
    rollouts = toy(rng, 300)[0]
    for outcome in (0.0, 1.0):
        value = fit(replace(rollouts, success=np.full(300, outcome)), seed=0)
        assert abs(value.probability(rollouts.observations).mean() - outcome) < 0.1


def test_a_skill_survives_the_file(tmp_path: Path, rng: np.random.Generator) -> None:
    policy, value = networks()
    library.save(tmp_path / "pick.safetensors", policy, value, {"skill": "pick", "seed": 3})
    skill = library.load(tmp_path / "pick.safetensors")
    x = rng.normal(size=(4, SIZE)).astype(np.float32)
    assert np.array_equal(skill.policy.act(x[0]), policy.act(x[0]))
    assert np.array_equal(skill.value.probability(x), value.probability(x))
    assert skill.record["seed"] == 3


@pytest.mark.parametrize("damage", ["missing", "cut", "noise", "stranger", "other skill", "other shape"])
def test_damaged_checkpoints_are_refused_in_words(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "pick.safetensors"
    policy, value = networks()
    library.save(path, policy, value, {"skill": "juggle" if damage == "other skill" else "pick"})
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    elif damage == "noise":
        path.write_bytes(b"\x80\x04not a checkpoint")
    elif damage == "stranger":
        save_file({"a": torch.zeros(2)}, path)
    elif damage == "other shape":
        library.save(path, Policy(mlp([3, 8, 5], nn.Tanh)), value, {"skill": "pick"})
    with pytest.raises(CheckpointError):
        library.load(path)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.safetensors"
    checkpoint.write(path, {"a": torch.ones(2)}, {"n": 1})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CheckpointError, match="No space left"):
        checkpoint.write(path, {"a": torch.zeros(2)}, {"n": 2})
    assert checkpoint.read(path)[1] == {"n": 1}
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", list(TASKS))
def test_shipped_skills_work_and_know_what_is_hopeless(name: str) -> None:
    skill = library.load_all([name])[name]
    feasible = roll_out(SkillEnv(name), skill.policy, 40, seed=424_242)
    told = skill.record["test"]["success"]  # of 500 episodes; 40 may fall short of it by chance
    assert told >= 0.8 and feasible.where(feasible.first).success.mean() >= told - 0.2
    knows_little = name == "place_at"  # of such states, see docs/skills.md: 70 of them would show chance
    mixed = roll_out(SkillEnv(name, doubtful=1.0), skill.policy, 1500 if knows_little else 200, seed=515_151)
    asked = mixed.where(mixed.first & mixed.ready)  # a third
    brier = quality(skill.value.probability(asked.observations), asked.success)["brier"]
    constant = asked.success.mean() * (
        1 - asked.success.mean()
    )  # Brier score of who knows no more than how often it works
    share = 1.0 if knows_little else 0.8  # 0.94 of 597 such states of place_at
    assert brier is not None and brier < (share * constant if constant else 0.08)
