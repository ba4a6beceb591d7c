"""What all commands share: Hydra's overrides and help, plain sentences for bad input, one line of JSON at the end."""

from __future__ import annotations

import errno
import json
import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import hydra
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from rich.markup import escape

from sim.paths import CONFIGS, plugin_folders

BAD_INPUT = 2
_KINDS: dict[type, str] = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
_SEEDS = ("seed", "first_seed")
_DISK = (errno.EACCES, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EROFS)  # no mistakes of ours
_OVERRIDE = re.compile(r"^(?:[+~]{1,2}|hydra[./])?[A-Za-z_][\w./@-]*(?:=|$)")


class InputError(ValueError):
    """Something that the user gave cannot be used; the message says what and what to do instead."""


def command(config_name: str, positional: str | None = None) -> Callable[[Callable[[Any], int]], Callable[[], None]]:
    """Make a function of a config into a command with Hydra overrides.

    Anything wrong with the input, or a disk that takes no more, ends it with exit code 2 and one sentence; otherwise the function's
    return value is the exit code.

    :param config_name: file in ``configs/`` without its ending.
    :param positional: config key that the first argument fills if it is no override, taken as it is (quotes, Unicode, anything).
    """

    def decorate(function: Callable[[Any], int]) -> Callable[[], None]:
        def main() -> None:
            warnings.filterwarnings("ignore", category=UserWarning, module="hydra")
            code = 0
            text = _take_positional() if positional else None
            sys.argv[1:] = sorted(sys.argv[1:], key=lambda a: a not in ("-m", "--multirun"))  # argparse wants it first

            def job(config: DictConfig) -> None:
                nonlocal code
                if positional and text is not None:
                    OmegaConf.update(config, positional, text)
                try:
                    code = max(code, function(config))
                except _USER_ERRORS as error:
                    fail(str(error))
                except OSError as error:
                    if error.errno not in _DISK:
                        raise
                    what = f"{error.filename or 'a file'} cannot be written or read ({error.strerror})"
                    fail(f"{what}; free some room, or choose another place")
                except KeyboardInterrupt:
                    Console(stderr=True).print("\nStopped.")
                    sys.exit(130)

            _add_plugins()
            try:
                _check_overrides(config_name)
            except InputError as error:
                fail(str(error))
            hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name=config_name)(job)()
            sys.exit(code)

        return main

    return decorate


def fail(message: str) -> None:
    """Say what was wrong and end with exit code 2."""
    Console(stderr=True, soft_wrap=True).print("[bold red]Error:[/]", escape(message), highlight=False)
    sys.exit(BAD_INPUT)


def output_folder(config: DictConfig, name: str) -> Path:
    """The folder for a command's files: ``out=DIR``, or a new one under ``outputs/`` named by the time. It is made.

    :raises InputError: if no file can be made in it.
    """
    stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S_%f")[:-3]
    folder = Path(str(config.out)) if config.out else Path("outputs") / f"{name}_{stamp}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()  # before any work: some folders are there but take no files
    except OSError as error:
        raise InputError(
            f"the folder {folder} cannot be written to ({error.strerror}); choose another with out=DIR"
        ) from None
    return folder


def at_least(config: Any, **least: float) -> None:
    """Raise an InputError where a number of a config is less than it may be: ``at_least(config, episodes=1, pictures=0)``."""
    for key, minimum in least.items():
        if config[key] < minimum:
            raise InputError(f"{key} must be {minimum} or more, not {config[key]}")


def print_json(data: dict[str, Any]) -> None:
    """A measurement's last line. JSON knows no NaN: what could not be measured is null."""
    print(json.dumps(json.loads(json.dumps(data), parse_constant=lambda name: None)), flush=True)


def _take_positional() -> str | None:
    for i, argument in enumerate(sys.argv[1:], start=1):
        if not argument.startswith("-") and not _OVERRIDE.match(argument):
            return sys.argv.pop(i)
        if " " in argument and not argument.startswith("-") and "=" not in argument.split(" ")[0]:
            return sys.argv.pop(i)
    if len(sys.argv) > 1 and re.fullmatch(r"\w*", sys.argv[1]):  # one word, or nothing at all
        return sys.argv.pop(1)
    return None


def _add_plugins() -> None:
    """Let Hydra find the configs of skills that live outside."""
    folders = plugin_folders()
    for folder in folders:
        if not folder.is_dir():
            fail(f"SAYCAN_SKILLS names the folder {folder}, which does not exist")
    if folders and not any(a.startswith("hydra.searchpath") for a in sys.argv):
        sys.argv.append(f"hydra.searchpath=[{','.join(f'file://{folder}' for folder in folders)}]")


def _check_overrides(config_name: str) -> None:
    """Compose the config once before Hydra does, so that a mistake is one sentence and not Hydra's page."""
    kept = ("hydra.searchpath",)
    overrides = [a for a in sys.argv[1:] if a.startswith(kept) or not a.startswith(("-", "hydra"))]
    if any(a in sys.argv[1:] for a in ("-h", "--help", "--hydra-help")):
        return
    GlobalHydra.instance().clear()
    try:
        with hydra.initialize_config_dir(str(CONFIGS), version_base="1.3"):
            for job in _jobs(overrides) if {"-m", "--multirun"} & set(sys.argv[1:]) else [overrides]:
                groups = [o for o in job if o.startswith(kept) or (CONFIGS / o.split("=")[0].lstrip("+~")).is_dir()]
                given = hydra.compose(config_name, job)
                _check_types(hydra.compose(config_name, groups), given)
                at_least(given, **{key: 0 for key in _SEEDS if key in given})
    except MissingConfigException as error:
        what, options = error.missing_cfg_file, error.options
        known = f"{Path(str(what)).parent} can be {', '.join(options)}" if options else "`--help` lists what can be set"
        raise InputError(f"there is no config '{what}'; {known}") from None
    except (HydraException, OmegaConfBaseException) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        unknown = re.match(r"Could not override '([^']*)'", lines[0])
        what = f"there is no setting '{unknown[1]}'" if unknown else lines[0].rstrip(".")
        raise InputError(f"{what}; `--help` lists what can be set") from None
    finally:
        GlobalHydra.instance().clear()


def _jobs(overrides: list[str]) -> list[list[str]]:
    """The overrides of each job of a multirun."""
    parsed = OverridesParser.create().parse_overrides(overrides)
    batches: list[list[list[str]]] = BasicSweeper.split_arguments(parsed, None)
    return [job for batch in batches for job in batch]


def _check_types(usual: DictConfig, given: DictConfig, prefix: str = "") -> None:
    """Refuse values of another type than the config has (whole numbers may stand for real ones; null takes anything)."""
    for key, old in usual.items():
        new, name = given.get(key), f"{prefix}{key!s}"
        if key not in given and prefix and all(isinstance(value, DictConfig) for value in usual.values()):
            continue  # one of several alike that was taken out: ~arms.real
        if isinstance(old, DictConfig) and isinstance(new, DictConfig):
            _check_types(old, new, f"{name}.")
        elif old is not None and not _same_type(old, new):
            kind = _KINDS.get(type(old), "a list" if OmegaConf.is_list(old) else "a group of settings")
            raise InputError(f"{name} must be {kind}, like {old}; got '{new}'")


def _same_type(old: Any, new: Any) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return isinstance(old, bool) and isinstance(new, bool)
    return isinstance(new, type(old)) or (isinstance(old, float) and isinstance(new, int))


def _user_errors() -> tuple[type[Exception], ...]:
    from sim.goals import GoalError
    from sim.scenes import SceneError

    return InputError, GoalError, SceneError


_USER_ERRORS = _user_errors()
