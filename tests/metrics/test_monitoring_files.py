"""The dashboard and the alert rules ask for what `/metrics` gives."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.metrics.service import page
from tests.command_processes import ROOT

FOLDER = ROOT / "deploy" / "monitoring"
RULES = FOLDER / "alerts.yml"
NAME = re.compile(r"\bcpts_[a-z0-9_]+")


def dashboard() -> dict[str, Any]:
    board: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
    return board


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.fixture
def given(client: TestClient, engine: Engine, tmp_path: Path) -> set[str]:
    """The names that the page gives once everything has happened that is measured."""
    client.get("/api/v1/cpts")
    (tmp_path / "backup").mkdir()
    told = '{"finished_at": "2026-03-01T02:00:00Z", "ok": true}'
    (tmp_path / "backup" / "last.json").write_text(told)
    text = page(engine, tmp_path).decode()
    families = list(text_string_to_metric_families(text))
    names = {sample.name for family in families for sample in family.samples}
    # Of what did not happen yet, the family is there.
    return names | {f"{family.name}_total" for family in families if family.type == "counter"}


def expressions() -> list[str]:
    asked = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    return asked + [rule["expr"] for rule in rules()]


def test_every_name_that_is_asked_for_is_given(given: set[str]) -> None:
    asked = {name for expression in expressions() for name in NAME.findall(expression)}
    assert len(asked) > 15
    assert asked <= given, asked - given


def test_what_is_given_is_looked_at(given: set[str]) -> None:
    asked = " ".join(expressions())
    bases = {re.sub("_(total|bucket|count|sum)$", "", name) for name in given}
    unseen = {name for name in bases if name.startswith("cpts_") and name not in asked}
    assert unseen <= {"cpts_import_last_timestamp_seconds"}


def test_every_alert_says_what_and_how_grave() -> None:
    found = rules()
    assert len({rule["alert"] for rule in found}) == len(found) > 5
    for rule in found:
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info")


def test_panels_have_numbers_of_their_own_and_a_query() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["targets"] and panel["title"] for panel in panels)


promtool = pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is missing: apt-get install prometheus (docs/testing.md)",
)


def checked_by_promtool(*what: str, given: bytes = b"") -> None:
    """Fail with all that promtool says unless it has nothing to say against a thing."""
    done = subprocess.run(
        ["promtool", "check", *what], input=given, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


@promtool
def test_promtool_accepts_the_rules_and_the_panels(tmp_path: Path) -> None:
    checked_by_promtool("rules", str(RULES))
    asked = [expression.replace("$__rate_interval", "5m") for expression in expressions()]
    rules = [
        {"record": f"panel_{number}", "expr": expression}
        for number, expression in enumerate(asked)
    ]
    panels = {"groups": [{"name": "dashboard", "rules": rules}]}
    path = tmp_path / "panels.json"
    path.write_text(json.dumps(panels))
    checked_by_promtool("rules", str(path))


@promtool
def test_promtool_accepts_the_rules_of_the_operator_s_database(tmp_path: Path) -> None:
    manifest = FOLDER.parent / "kubernetes" / "base" / "monitoring" / "database-alerts.yaml"
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(yaml.safe_load(manifest.read_text("utf-8"))["spec"]))
    checked_by_promtool("rules", str(path))


@promtool
def test_promtool_accepts_the_page(
    client: TestClient, bearer: Callable[..., dict[str, str]]
) -> None:
    headers = bearer("admin")
    assert client.get("/metrics", headers=headers).status_code == 200
    # The second time it counts the first: labels and all.
    answer = client.get("/metrics", headers=headers)
    assert b'route="/metrics"' in answer.content
    checked_by_promtool("metrics", given=answer.content)


@promtool
@pytest.mark.parametrize(
    "page",
    [
        b"cpts_requests 1\n",
        b"# HELP a_total x\n# TYPE a_total gauge\na_total 1\n",
        b"a{b=} 1\n",
    ],
)
def test_promtool_finds_what_is_wrong(page: bytes) -> None:
    with pytest.raises(AssertionError):
        checked_by_promtool("metrics", given=page)
