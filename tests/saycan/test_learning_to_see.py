"""Learning to see: the networks on a few pictures, and what ships on scenes that it was not trained on."""

from __future__ import annotations

import numpy as np

from saycan.perception import clip, measure
from saycan.perception.learn_clip import crops_by_kind, train_clip
from saycan.perception.learn_votes import train_votes
from saycan.perception.phrases import caption, comes_in_colours, fits, kinds, look_of
from saycan.perception.practice import HELD_OUT, draw_start, names, sample, set_up
from saycan.perception.rig import DEFAULT
from saycan.perception.schedule import shares
from sim.layout import standing
from sim.objects import catalogue
from sim.relations import is_in
from sim.tabletop import Tabletop
from tests.saycan.test_perception import eyes, scene


def test_the_network_learns_to_point_at_centres(table: Tabletop) -> None:
    from saycan.perception.album import page

    scene(table, objects=["red block", "green bowl", "blue block"], seed=3)
    pages, losses = [page(sample(table, camera)) for camera in DEFAULT], list[float]()
    train_votes(pages, shares(steps=40), seed=0, progress=lambda share, late: losses.append(late), width=8)
    assert len(losses) == 40 and losses[-1] < 0.92 * losses[0]  # means of late, which follow slowly


def test_captions_fit_what_they_are_drawn_for(rng: np.random.Generator) -> None:
    looks = [look_of(name) for name in (*catalogue(), "cabinet")] * 4
    texts, spoken = zip(*(caption(look, rng) for look in looks), strict=True)
    plain = np.array([look.kind >= 0 and not comes_in_colours(kinds()[look.kind]) for look in spoken])
    fit, unknown = fits(list(spoken), looks, plain)
    assert fit.diagonal().all() and not (fit & unknown).any()
    block = [i for i, text in enumerate(texts) if "red block" in text]
    assert block and not fit[looks.index(look_of("blue block"))][block].any()


def test_clip_learns_to_tell_things_apart(table: Tabletop) -> None:
    from saycan.perception.album import page

    listed = ["red block", "blue block", "green bowl", "lemon"]
    scene(table, objects=listed, seed=3)
    pages = [page(sample(table, camera)) for camera in DEFAULT]
    model, tokenizer = clip.blank()
    train_clip(model, tokenizer, pages, shares(steps=30), seed=0)
    matcher = clip.Matcher(model, tokenizer, clip.transform_of_ours(), listed)
    crops = [(image, name) for some in crops_by_kind(pages).values() for image, name in some]
    said = matcher.logits([image for image, _ in crops]).argmax(1)
    assert len(crops) == 8 and np.mean([listed[k] == n for k, (_, n) in zip(said, crops, strict=True)]) > 0.7


def test_held_out_pairs_are_never_learned_from() -> None:
    starts = [draw_start(np.random.default_rng(seed)) for seed in range(300)]
    assert not {name for start in starts for name in start.layout} & set(HELD_OUT)
    assert set(HELD_OUT) <= set(names(held_out=True)) and not set(HELD_OUT) & set(names(held_out=False))


def test_what_ships_sees_scenes_that_it_was_not_trained_on(table: Tabletop) -> None:
    seen = [measure.look_at_a_scene(table, eyes(), DEFAULT, seed) for seed in range(50_000, 50_024)]
    figures = measure.figures(seen)  # a good third of what stands on the table stands against something
    assert figures["found"] > 0.92 and figures["named_right"] > 0.95 and figures["false_things"] <= 10  # type: ignore[operator]
    assert figures["position_error_mm"]["median"] < 6 and figures["in_or_on_right"] > 0.9  # type: ignore[index, operator]


def test_blocks_that_touch_are_told_apart(table: Tabletop) -> None:
    rng, found, blocks = np.random.default_rng(11), 0, [n for n in catalogue() if n.endswith("block")]
    for _ in range(10):
        pair, yaw = [str(n) for n in rng.permutation(blocks)[:2]], rng.uniform(0, np.pi)
        middle, step = rng.uniform([0.42, -0.2], [0.58, 0.2]), 0.0205 * np.array([np.cos(yaw), np.sin(yaw)])
        spots = zip(pair, (middle - step, middle + step), strict=True)
        table.reset({n: standing(catalogue()[n], spot, yaw) for n, spot in spots})
        table.settle()
        seen, true = eyes().look(table).boxes, table.state().boxes
        found += sum(n in seen and np.linalg.norm(seen[n].position - true[n].position) < 0.015 for n in pair)
    assert found >= 17  # of 20


def test_scenes_to_learn_from_have_heaps(table: Tabletop) -> None:
    """Several things in one receptacle, as after a long task, and nothing under the table."""
    heaps = 0
    for seed in range(24):
        start = draw_start(np.random.default_rng(seed))
        set_up(table, start)
        boxes = table.state().boxes
        holders = [boxes[name] for name in start.layout if catalogue()[name].is_receptacle]
        heaps += any(sum(is_in(box, holder) for box in boxes.values() if box is not holder) > 1 for holder in holders)
        assert all(np.isfinite(box.position).all() and box.position[2] > -0.01 for box in boxes.values())
    assert heaps >= 5


def test_held_things_are_also_seen_low() -> None:
    starts = [draw_start(np.random.default_rng(seed)) for seed in range(200)]
    held = [s for s in starts if s.held]
    low = [s for s in held if s.hand[2] - s.layout[s.held or ""].thing.size[2] < 0.12]
    assert len(held) / 6 < len(low) < len(held)
