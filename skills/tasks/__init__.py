"""One file for each skill: its goal, its reward, its starts. ``TASKS`` finds them by name."""

from skills.tasks.base import Start, Task
from skills.tasks.pick import Pick
from skills.tasks.place import PlaceIn, PlaceOn

TASKS: dict[str, type[Task]] = {task.name: task for task in (Pick, PlaceIn, PlaceOn)}

__all__ = ["TASKS", "Pick", "PlaceIn", "PlaceOn", "Start", "Task"]
