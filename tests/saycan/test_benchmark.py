"""The benchmark as a user runs it, with a tiny random language model: workers, kills, Ctrl-C, bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from commands import run
from hydra import compose, initialize_config_dir

from saycan.benchmark import main, undisturbed
from saycan.judging.campaign import make_campaign
from saycan.judging.ledger import Ledger
from saycan.judging.runner import run_all
from sim.cli import InputError
from sim.paths import CONFIGS

SUITE = """
name: three
tasks:
  - {instruction: pick up the red block, family: one, scene: {objects: [red block, blue bowl], seed: 1}, goal: holding(red block)}
  - {instruction: open the drawer, family: one, scene: {kind: kitchen, objects: [apple, tray], seed: 2}, goal: open(drawer)}
  - {instruction: sing a song, family: two, scene: {objects: [red block, blue bowl], seed: 3}, refuse: true}
"""
# it acts whatever it thinks of it
EAGER = ["agent.decline=0.0", "agent.least=0.0", "agent.steps=2", "agent.phantoms=false", "disturb=0.5", "repeat=2"]
TIMINGS = ("seconds", "decision_seconds", "worker", "nth", "memory_mb", "commit")  # others may commit meanwhile


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A suite of three tasks."""
    path = tmp_path_factory.mktemp("suite") / "three.yaml"
    path.write_text(SUITE)
    return path


def arguments(suite: Path, model: Path, out: Path, *more: str) -> list[str]:
    given = [f"suite={suite}", f"out={out}", "llm=transformers", f"llm.model={model}", "planner=base", *EAGER, *more]
    return [sys.executable, "-m", "saycan.benchmark", *given]


def untimed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key not in TIMINGS} for row in rows]


def wait_for_rows(out: Path, count: int) -> None:
    path, until = out / "rows.jsonl", time.monotonic() + 120
    while not path.exists() or path.read_text().count("\n") < count:
        assert time.monotonic() < until, "no rows"
        time.sleep(0.02)


def test_killed_resumed_and_stopped_it_gives_what_one_worker_gives(
    suite: Path, tiny_model: Path, tmp_path: Path
) -> None:
    """All in one, because each start costs seconds."""
    plain, broken = tmp_path / "plain", tmp_path / "broken"
    killed = subprocess.Popen(arguments(suite, tiny_model, broken), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for_rows(broken, 1)
    children = psutil.Process(killed.pid).children(recursive=True)
    killed.kill()
    killed.communicate()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert len(children) == 2 and not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]

    rows = broken / "rows.jsonl"
    done = len(rows.read_text().splitlines())
    rows.write_text(rows.read_text() + '{"task": 3, "seed": 1, "succ')  # as a kill may leave it
    more = arguments(
        suite, tiny_model, broken, "resume=true", "repeat=30"
    )  # so many that it is not done before it is stopped
    check_stopped(more, broken, done)

    once = run(*arguments(suite, tiny_model, plain, "workers=1", "video=false")[2:])
    assert once.returncode == 0, once.stderr
    one, other = (json.loads((folder / "results.json").read_text()) for folder in (plain, broken))
    by_key = {(row["task"], row["seed"]): row for row in one["rows"]}
    assert len(by_key) == 6
    shared = [row for row in other["rows"] if (row["task"], row["seed"]) in by_key]
    assert len(shared) > done
    assert untimed(shared) == untimed([by_key[row["task"], row["seed"]] for row in shared])
    check_results(one)
    check_report(broken, other)


def check_stopped(command: list[str], out: Path, done: int) -> None:
    """Resume, press Ctrl-C after one more row, and look at what is left of it."""
    stopped = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_rows(out, done + 1)
    children = psutil.Process(stopped.pid).children(recursive=True)
    began = time.monotonic()
    stopped.send_signal(signal.SIGINT)
    said, complaints = stopped.communicate(timeout=60)
    assert time.monotonic() - began < 12, "Ctrl-C is slow"  # 2 s; more where tests share two cores with others
    assert stopped.returncode == 130 and "Traceback" not in complaints, complaints
    assert not [p for p in children if p.is_running()]
    kept = json.loads((out / "results.json").read_text())
    assert kept["stopped"] and done < len(kept["rows"]) < 90 and json.loads(said.splitlines()[-1])["stopped"]


def test_results_of_different_settings_are_not_mixed(tmp_path: Path) -> None:
    settings = {"suite": "s", "agent": {"tau": 1.0, "steps": 3}}
    row = {"task": 1, "seed": 0, "success": True}
    Ledger(tmp_path, settings, resume=False).append(row)
    assert Ledger(tmp_path, settings, resume=True).rows == [row]
    with pytest.raises(InputError, match=r"agent.tau=1.0, not 2.0"):
        Ledger(tmp_path, {"suite": "s", "agent": {"tau": 2.0, "steps": 4}}, resume=True)
    with pytest.raises(InputError, match="resume=true"):
        Ledger(tmp_path, settings, resume=False)
    assert Ledger(tmp_path, settings, resume=True).rows == [row]
    (tmp_path / "settings.json").unlink()
    with pytest.raises(InputError, match=r"settings\.json is missing"):
        Ledger(tmp_path, settings, resume=True)
    assert json.loads((tmp_path / "rows.jsonl").read_text()) == row


def test_what_came_to_no_end_is_done_again(suite: Path, tiny_model: Path, tmp_path: Path) -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        overrides = arguments(suite, tiny_model, tmp_path, "repeat=1", "limit=3")[3:]
        campaign = make_campaign(compose("benchmark", overrides))
    rows: list[dict[str, Any]] = [{"task": 1, "seed": 0, "error": None}, {"task": 2, "seed": 0, "error": "server gone"}]
    assert [job.number for job in campaign.left(rows)] == [2, 3]
    assert campaign.wanted([*rows, {"task": 2, "seed": 0, "error": None}])[1]["error"] is None


def check_results(results: dict[str, Any]) -> None:
    """The fixed format, and that other seeds are other layouts."""
    first = results["rows"][0]
    fixed = {"instruction", "family", "seed", "plan", "plan_success", "success", "final_poses", "skills_executed"}
    assert fixed | {"seconds", "cause", "error"} <= set(first)
    assert all(len(place) == 3 for place in first["final_poses"].values())
    assert {row["seed"] for row in results["rows"]} == {0, 1}
    assert results["rows"][0]["scene_seed"] == 1 != results["rows"][3]["scene_seed"]
    assert set(results["summary"]) == {"one", "two", "all"}
    assert results["summary"]["all"]["n"] == 6 and len(results["summary"]["all"]["success_ci95"]) == 2
    assert {"perception", "agent", "llm", "commit", "command"} <= set(results)
    failures = [row for row in results["rows"] if not row["success"]]
    assert failures and all(row["cause"] in ("language", "affordance", "execution") for row in failures)


def check_report(folder: Path, results: dict[str, Any]) -> None:
    """Failures with their films, and nothing from elsewhere."""
    page = (folder / "report.html").read_text()
    failures = [row for row in results["rows"] if not row["success"]]
    assert page.count("data:image/webp;base64,") == len(failures) > 0 and "<script" not in page
    assert all(row["why"].replace("'", "&#39;") in page for row in failures)
    assert page.replace("http://www.w3.org", "").count("http") == 0
    assert (folder / "by_family.png").exists() and "| all |" in (folder / "results.md").read_text()


def test_a_worker_that_dies_costs_one_trial(suite: Path, tiny_model: Path, tmp_path: Path) -> None:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        overrides = arguments(suite, tiny_model, tmp_path, "video=false", "repeat=1", "limit=3", "agent.steps=1")[3:]
        campaign = make_campaign(compose("benchmark", overrides))
    rows = []
    for row in run_all(campaign.jobs, campaign.config, 1, tmp_path):
        rows.append(row)
        if len(rows) == 1:
            os.kill(row["worker"], signal.SIGKILL)
    assert [bool(row["error"]) for row in rows] == [False, True, False]
    assert rows[1]["instruction"] == "open the drawer" and not rows[1]["success"] and "-9" in rows[1]["error"]
    assert rows[2]["worker"] != rows[0]["worker"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "say which suite"),
        (["suite=nosuch"], "no suite 'nosuch'"),
        (["suite=dev", "workers=0"], "workers must be a whole number from 1"),
        (["suite=dev", "limit=0"], "limit must be"),
        (["suite=dev", "limit=many"], "limit must be"),
        (["suite=dev", "seed=-1"], "seed must be"),
        (["suite=dev", "disturb=1.5"], "from 0 to 1"),
        (["suite=dev", "resume=true"], "out=DIR"),
        (["suite=dev", "perception=xray"], "perception/xray"),
        (["suite=dev", "llm.model=/nowhere"], "/nowhere"),  # which a worker finds out
    ],
)
def test_bad_input_is_one_sentence(
    given: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["saycan.benchmark", *given])
    with pytest.raises(SystemExit) as ended:
        main()
    shown = capfd.readouterr().err
    assert ended.value.code == 2 and words in shown and shown.count("\n") == 1


def test_ctrl_c_is_heeded_again_once_results_are_written() -> None:
    before = signal.getsignal(signal.SIGINT)
    with undisturbed():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    assert signal.getsignal(signal.SIGINT) is before  # for the next run of a sweep


def test_help() -> None:
    shown = run("saycan.benchmark", "--help")
    assert shown.returncode == 0 and "python -m saycan.benchmark" in shown.stdout
