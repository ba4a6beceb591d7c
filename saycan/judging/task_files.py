"""YAML files of tasks: read, or refused with the line and a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from sim.cli import InputError

# LookupError to TypeError: slips of PyYAML over odd tags
_BAD_YAML = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)


class SuiteError(InputError):
    """A suite that cannot be used; the message names the file and the task, and says what to do."""


class _Loader(yaml.SafeLoader):
    """YAML in which no key may be given twice: a forgotten dash would silently make two tasks one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = [key for key in keys if keys.count(key) > 1]
        if twice:
            problem = f"'{twice[0]}' is given twice in one place (is a dash missing?)"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_mapping(node, deep)


def load_yaml(path: Path) -> Any:
    """What a YAML file holds.

    :raises SuiteError: if it cannot be read.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except OSError as error:
        raise SuiteError(f"{path}: it cannot be read ({error.strerror}); choose another file") from None
    except _BAD_YAML as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        where = f"line {mark.line + 1}: " if mark else ""
        why = one_line(problem or error) or type(error).__name__
        raise SuiteError(f"{path}: {where}this is not YAML that can be read ({why}); mend it there") from None


def one_line(text: Any, most: int = 80) -> str:
    """A text on one line, cut where it is long."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else line[: most - 3] + "..."
