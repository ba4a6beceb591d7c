"""One file for each skill: its goal, its reward, its starts. ``TASKS`` finds them by name."""

from skills.tasks.base import Start, Target, Task
from skills.tasks.drawer import CloseDrawer, OpenDrawer
from skills.tasks.pick import Pick
from skills.tasks.place_at import PlaceAt
from skills.tasks.place_in import PlaceIn
from skills.tasks.place_on import PlaceOn
from skills.tasks.push import Push

TASKS: dict[str, type[Task]] = {
    task.name: task for task in (Pick, PlaceIn, PlaceOn, PlaceAt, Push, OpenDrawer, CloseDrawer)
}

__all__ = [
    "TASKS",
    "CloseDrawer",
    "OpenDrawer",
    "Pick",
    "PlaceAt",
    "PlaceIn",
    "PlaceOn",
    "Push",
    "Start",
    "Target",
    "Task",
]
