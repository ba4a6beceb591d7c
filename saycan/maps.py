"""Where the skills of an episode would have worked: their success values over the whole table, as one picture."""

from __future__ import annotations

import io
from collections.abc import Mapping

from saycan.types import Episode
from skills.heatmap import HeatMap, heat_map
from skills.library import Skill
from skills.observation import Sight

_MOST = 3


def affordance_maps(episode: Episode, library: Mapping[str, Skill]) -> bytes | None:
    """A heat map for each skill that was chosen for a thing on the table, at most three, as the table was then.

    :return: a PNG; None if nothing of that kind was chosen.
    """
    maps: dict[str, HeatMap] = {}
    for step in episode.steps:
        choice, view = step.choice, step.view
        if choice is None or choice.target is None or choice.skill not in library or len(maps) >= _MOST:
            continue
        if choice.target.name in view.boxes and choice.target.name != view.held and choice.text not in maps:
            sight = Sight(view.hand, view.boxes, view.held, view.drawer)
            maps[choice.text] = heat_map(library[choice.skill], sight, choice.target)
    if not maps:
        return None
    from skills.plots import draw_heat_maps  # matplotlib takes half a second to import

    picture = io.BytesIO()
    draw_heat_maps(list(maps.values()), picture)
    return picture.getvalue()
