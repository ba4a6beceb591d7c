"""Perception as a whole: what it learns, what ships, memory, and pictures with nothing sensible in them."""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from saycan.build import build_agent, build_perception
from saycan.perception import camera, clip
from saycan.perception.boxes import between, turned
from saycan.perception.camera import Belief, CameraPerception
from saycan.perception.rig import DEFAULT, Shot, shoot
from sim.cli import InputError
from sim.geometry import Box
from sim.objects import catalogue, find
from sim.paths import CONFIGS
from sim.scenes import SceneSpec, lay_out
from sim.tabletop import Tabletop
from skills.envs import begin
from skills.tasks import Target, starts

CAMERA = OmegaConf.load(CONFIGS / "perception" / "camera.yaml")
LIFT = np.array([0.0, 0.1, 0.2])


def scene(table: Tabletop, **spec: object) -> Tabletop:
    table.reset(lay_out(SceneSpec(**spec)))  # type: ignore[arg-type]
    table.settle()
    return table


def eyes() -> CameraPerception:
    perception = build_perception(CAMERA)
    assert isinstance(perception, CameraPerception)
    return perception


def test_the_same_scene_is_seen_the_same(table: Tabletop) -> None:
    scene(table, objects=["red block", "green bowl"], seed=3)
    first, second = eyes().look(table), eyes().look(table)
    assert list(first.boxes) == list(second.boxes)
    assert all(np.array_equal(first.boxes[n].position, second.boxes[n].position) for n in first.boxes)


def test_a_doubtful_name_elsewhere_does_not_move_what_was_known() -> None:
    perception, box = eyes(), Box(np.array([0.4, 0.2, 0.02]), 0.0, np.array([0.02, 0.02, 0.02]))
    elsewhere = replace(box, position=np.array([0.6, -0.2, 0.02]))
    perception._believed = {"red block": Belief(box, 0.99)}
    for score, where in ((0.2, box), (0.9, elsewhere)):
        perception._remember({"red block": Belief(elsewhere, score)}, shots=[])  # no camera sees that a place is empty
        assert perception._believed["red block"].box is where


def test_what_is_hidden_is_remembered_and_what_is_gone_is_not(table: Tabletop) -> None:
    scene(table, objects=["red block", "green bowl", "yellow block"], seed=3)
    perception = eyes()
    before = perception.look(table)
    assert set(before.boxes) == {"red block", "green bowl", "yellow block"}
    table.move("yellow block", np.array([0.5, 3.0, 0.02]))  # carried away
    shots = shoot(table, DEFAULT)
    box = before.boxes["red block"]
    blind = [Shot(s.camera, replace(s.picture, depth=covered(s, box), rgb=darkened(s, box))) for s in shots]
    after = perception.see(blind, table.hand())
    assert "red block" in after.boxes and "yellow block" not in after.boxes
    assert np.allclose(after.boxes["red block"].position, box.position)


def test_what_is_shut_away_is_remembered_where_it_is(table: Tabletop) -> None:
    scene(table, kind="kitchen", objects=["apple", "tray"], seed=2, drawer="open", inside={"apple": "drawer"})
    perception, before = eyes(), table.state().boxes
    assert ("in", "apple", "drawer") in perception.look(table).relations
    for opening in (0.0, 1.0):  # shut, and opened again
        table.slide_drawer(opening)
        way = table.state().boxes["drawer"].position - before["drawer"].position
        table.move("apple", before["apple"].position + way)
        view = perception.look(table)
        assert ("in", "apple", "drawer") in view.relations
        assert np.linalg.norm(view.boxes["apple"].position - before["apple"].position - way) < 0.02


def test_a_doubtful_name_elsewhere_carries_nothing_away() -> None:
    perception, apple = eyes(), Box(np.array([0.4, 0.2, 0.04]), 0.0, np.array([0.03, 0.03, 0.03]))
    bowl = Box(np.array([0.4, 0.2, 0.03]), 0.0, np.array([0.08, 0.08, 0.03]))
    way = np.array([0.2, -0.4, 0.0])
    for score, moved in ((0.2, 0.0), (0.9, 1.0)):
        perception._believed = {"blue bowl": Belief(bowl, 0.99), "apple": Belief(apple, 0.99)}
        perception._remember({"blue bowl": Belief(replace(bowl, position=bowl.position + way), score)}, shots=[])
        assert np.allclose(perception._believed["apple"].box.position, apple.position + moved * way)


def covered(shot: Shot, box: Box) -> np.ndarray:
    """The depth with something flat held before a box."""
    depth = shot.picture.depth.copy()
    depth[window(shot, box)] = 0.5
    return depth


def darkened(shot: Shot, box: Box) -> np.ndarray:
    rgb = shot.picture.rgb.copy()
    rgb[window(shot, box)] = 235
    return rgb


def window(shot: Shot, box: Box) -> tuple[slice, slice]:
    column, row = shot.camera.pixels(box.position[None])[0][0].astype(int)
    return slice(max(row - 30, 0), row + 30), slice(max(column - 30, 0), column + 30)


def test_what_is_held_moves_with_the_hand(table: Tabletop) -> None:
    scene(table, objects=["red block", "green bowl"], seed=3)
    perception = eyes()
    box = perception.look(table).boxes["red block"]
    hand = replace(table.hand(), position=box.position, closing=True, left=True, right=True, opening=0.04)
    perception._feel(hand)
    perception._feel(replace(hand, position=hand.position + LIFT))
    sight = perception.track(table)
    assert sight.held is None  # the real hand is open: it lets go
    moved = sight.boxes["red block"].position
    assert np.allclose(moved, box.position + LIFT, atol=1e-6)


def taken(**change: np.ndarray) -> list[Shot]:
    """Pictures in which everything is as told."""
    h, w = DEFAULT[0].height, DEFAULT[0].width
    usual = {"rgb": np.full((h, w, 3), 200, np.uint8), "depth": np.full((h, w), 1.2, np.float32)}
    from sim.camera import Picture

    return [Shot(camera, Picture(**{**usual, **change})) for camera in DEFAULT]


@pytest.mark.parametrize(
    ("change", "warned"),
    [
        ({"rgb": np.zeros((360, 480, 3), np.uint8), "depth": np.full((360, 480), np.nan, np.float32)}, True),
        ({"depth": np.full((360, 480), np.nan, np.float32)}, True),
        ({"depth": np.full((360, 480), 4.0, np.float32)}, False),
    ],
    ids=["black", "no depth", "nothing near"],
)
def test_pictures_of_nothing_show_nothing(table: Tabletop, change: dict[str, np.ndarray], warned: bool) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        view = eyes().see(taken(**change), table.hand())
    assert not view.boxes and view.held is None and view.drawer is None
    assert bool([w for w in told if "cameras" in str(w.message)]) == warned


def test_a_camera_that_looks_at_the_ceiling_and_an_empty_table(table: Tabletop) -> None:
    scene(table, objects=[], seed=0)
    assert not eyes().look(table).boxes
    up = [replace(camera, target=(0.9, 0.6, 3.0)) for camera in DEFAULT]
    assert not eyes().see(shoot(table, up), table.hand()).boxes


def test_many_things_are_no_reason_to_stop_but_to_warn(table: Tabletop, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [n for n in catalogue() if n not in ("drawer", "pink bowl", "bin")]
    spots = {name: [0.2 + 0.13 * (k // 6), -0.5 + 0.19 * (k % 6)] for k, name in enumerate(listed)}
    scene(table, objects=listed, seed=0, place=spots)
    perception, shots = eyes(), shoot(table, DEFAULT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        count = len(perception.propose(shots))
    assert 18 < count <= camera._MANY  # the catalogue has no more than 30 to lay out, so the bound is moved
    monkeypatch.setattr(camera, "_MANY", count - 1)
    with pytest.warns(UserWarning, match=f"{count} things at once"):
        assert len(perception.see(shots, table.hand()).boxes) > 18


def test_an_agent_with_cameras_never_asks_for_the_truth(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    askers = set()

    def spied(method: str) -> None:
        real = getattr(Tabletop, method)

        def asked(self: Tabletop, *given: object) -> object:
            askers.add(sys._getframe(1).f_globals["__name__"])
            return real(self, *given)

        monkeypatch.setattr(Tabletop, method, asked)

    for method in ("state", "box", "owners"):
        spied(method)
    overrides = [
        "llm=transformers",
        f"llm.model={tiny_model}",
        "planner=base",
        "perception=camera",
        "agent.steps=2",
        "agent.decline=0",
    ]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        agent = build_agent(compose("run", [*overrides, "agent.least=0", "agent.done=0"]))
    episode = agent.run("put the red block in the blue bowl")
    agent.body.world.close()
    assert len(episode.steps) == 2 and any(name.startswith("skills") for name in askers)
    assert not [name for name in askers if name.startswith("saycan")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "eagle"}, "camera, oracle"),
        ({"model": "ViT-Z"}, "no model 'ViT-Z'"),
        ({"model": "ViT-B-32"}, "which weights"),
        ({"votes": "/nowhere.safetensors"}, "saycan.train_perception"),
        ({"pretrained": "/nowhere.safetensors"}, "saycan.train_perception"),
        ({"cameras": []}, "at least one camera"),
        ({"every": 0}, "1 or more"),
        ({"pretrained": str(clip.VOTES)}, "another network"),
        ({"cameras": [{"eye": [1.0, 0.0, 1.0], "fov": 48.0}]}, "an eye and another point as its target"),
        ({"cameras": [{"eye": [1, 2], "target": [0.5, 0.0, 0.0], "fov": 48.0}]}, "three numbers each"),
        ({"cameras": [{"eye": [1, 0, 1], "target": [0.5, 0.0, 0.0], "fov": "wide"}]}, "fov between 0 and 180"),
        ({"cameras": [{"eye": [1, 0, 1], "target": [0.5, 0.0, 0.0], "fov": 200.0}]}, "fov between 0 and 180"),
        ({"cameras": [{"eye": [1, 0, 1], "target": [1, 0, 1], "fov": 48.0}]}, "another point"),
        ({"cameras": [7]}, "an eye and another point"),
    ],
)
def test_settings_without_sense(change: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        build_perception(OmegaConf.merge(CAMERA, change))


@pytest.mark.parametrize("fails", ["create_model_and_transforms", "get_tokenizer"])
@pytest.mark.parametrize("error", [OSError("no connection\nand more"), EOFError(), RuntimeError("no connection")])
def test_a_model_that_cannot_be_had_is_one_sentence(
    fails: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    import open_clip

    def fail(*given: object, **named: object) -> object:
        raise error

    monkeypatch.setattr(open_clip, "create_model_and_transforms", lambda *given, **named: (torch.nn.Identity(), 0, 0))
    monkeypatch.setattr(open_clip, fails, fail)
    with pytest.raises(InputError, match=r"^open_clip could not load ViT-B-32 .*\((no connection|EOFError)\)$"):
        clip.load("ViT-B-32", "a tag", ["red block"])


def test_damaged_weights_are_said_to_be(tmp_path: Path) -> None:
    torn = tmp_path / "votes.safetensors"
    torn.write_bytes(clip.VOTES.read_bytes()[:1000])
    with pytest.raises(InputError, match="damaged"):
        build_perception(OmegaConf.merge(CAMERA, {"votes": str(torn)}))
    with pytest.raises(InputError, match="another network"):
        build_perception(OmegaConf.merge(CAMERA, {"votes": str(clip.WEIGHTS)}))


def test_new_words_are_a_matter_of_the_config(table: Tabletop) -> None:
    scene(table, objects=["red block", "green bowl"], seed=3)
    config = OmegaConf.merge(CAMERA, {"phrases": ["red cube", "green dish", "penguin"]})
    view = build_perception(config).look(table)
    assert set(view.boxes) == {"red cube", "green dish"} and view.classes["red cube"] >= {"cube", "block"}
    assert "receptacle" in view.classes["green dish"] and view.classes["green dish"] >= {"dish", "bowl"}


def test_what_is_held_stays_between_the_fingers_which_give_way() -> None:
    world, rng = Tabletop(), np.random.default_rng(0)
    start = starts.holding(rng, {}, Target("left side"), find("red block"))
    begin(world, start)
    given, off = [], []
    for step in range(40):
        way = np.array([0.8 * np.cos(step / 4), 0.8 * np.sin(step / 4), 0.0, 0.4 * np.cos(step / 6), -1.0])
        world.step(way)
        state = world.state()
        assert state.held == "red block"
        aside = turned(state.boxes["red block"].position - between(state.hand), -state.hand.yaw)
        given.append(abs(state.hand.shift))
        off.append(abs(aside[1]))
    assert max(given) > 0.005 and max(off) < 0.003
    world.close()
