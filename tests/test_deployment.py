"""The deployment on Kubernetes holds together, and with the application that it runs."""

import copy
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import kubernetes_validate
import pytest
import yaml  # type: ignore[import-untyped]
from pydantic_settings import BaseSettings

from app.http.health import router as health
from app.running.serving import _GRACE_S
from app.settings import Settings
from tests.command_processes import ROOT

Manifest = dict[str, Any]

FOLDER = ROOT / "deploy" / "kubernetes"
BASE = FOLDER / "base"
OVERLAYS = ["staging", "production"]
# Of these no schema comes with a package; docs/scale.md tells how they were checked.
CUSTOM = {
    "Cluster",
    "ObjectStore",
    "PodMonitor",
    "PrometheusRule",
    "ScheduledBackup",
    "ServiceMonitor",
}


def read(path: Any) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def kustomization(name: str) -> Manifest:
    found: Manifest = read(FOLDER / name / "kustomization.yaml")[0]
    return found


def variables(name: str) -> dict[str, str]:
    lines = (FOLDER / name / "settings.env").read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key: value for key, _, value in pairs}


def patched(manifest: Any, patch: Manifest) -> None:
    """Apply one operation of RFC 6902; what is replaced has to be there."""
    *way, last = patch["path"].strip("/").split("/")
    place = manifest
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    key = int(last) if isinstance(place, list) else last
    if patch["op"] == "replace":
        assert place[key] is not None, patch["path"]
    else:
        assert patch["op"] == "add"
        assert key not in place, patch["path"]
    place[key] = patch["value"]


@lru_cache
def built(overlay: str) -> dict[tuple[str, str], Manifest]:
    """Give what an overlay makes of the base, by kind and name; images and namespace aside."""
    named = kustomization("base")["resources"]
    manifests = [manifest for path in named for manifest in read(BASE / path)]
    found = {(one["kind"], one["metadata"]["name"]): one for one in manifests}
    assert len(found) == len(manifests)
    for patch in kustomization(f"overlays/{overlay}")["patches"]:
        target = found[patch["target"]["kind"], patch["target"]["name"]]
        for operation in read(FOLDER / "overlays" / overlay / patch["path"])[0]:
            patched(target, operation)
    return found


def pods(overlay: str = "production") -> dict[str, Manifest]:
    """Give the specifications of pods, by the kind of what makes them."""
    manifests = built(overlay)
    job = manifests["CronJob", "cpts-verify"]["spec"]["jobTemplate"]["spec"]
    return {
        "Deployment": manifests["Deployment", "cpts"]["spec"]["template"]["spec"],
        "Job": manifests["Job", "cpts-prepare"]["spec"]["template"]["spec"],
        "CronJob": job["template"]["spec"],
    }


def restored() -> Manifest:
    cluster = copy.deepcopy(built("production")["Cluster", "cpts-database"])
    for operation in read(FOLDER / "restore" / "cluster.yaml")[0]:
        patched(cluster, operation)
    return cluster


def application() -> Manifest:
    container: Manifest = pods()["Deployment"]["containers"][0]
    return container


def option(name: str) -> int:
    arguments = application()["args"]
    return int(arguments[arguments.index(name) + 1])


def settings() -> Iterator[str]:
    for topic in Settings.model_fields.values():
        assert isinstance(topic.annotation, type)
        assert issubclass(topic.annotation, BaseSettings)
        prefix = topic.annotation.model_config["env_prefix"]
        for name, field in topic.annotation.model_fields.items():
            yield str(field.validation_alias or f"{prefix}{name.upper()}")


@pytest.mark.parametrize(
    "name", ["base", "restore", *(f"overlays/{overlay}" for overlay in OVERLAYS)]
)
def test_every_file_is_named_by_its_kustomization_and_there(name: str) -> None:
    told = kustomization(name)
    named = [*told.get("resources", []), *(patch["path"] for patch in told.get("patches", []))]
    named += [file for made in told.get("configMapGenerator", []) for file in made["envs"]]
    own = {path for path in named if not path.startswith("..")}
    there = {
        path.relative_to(FOLDER / name).as_posix()
        for path in (FOLDER / name).rglob("*")
        if path.is_file()
    }
    assert own | {"kustomization.yaml"} == there
    assert all((FOLDER / name / path).exists() for path in named)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_kubernetes_knows_is_of_its_schema(overlay: str) -> None:
    checked = 0
    for (kind, _), manifest in built(overlay).items():
        if kind not in CUSTOM:
            kubernetes_validate.validate(manifest, "1.33", strict=True)
            checked += 1
    assert checked > 10


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is missing")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_kustomize_makes_the_same_of_it(overlay: str) -> None:
    done = subprocess.run(
        ["kubectl", "kustomize", str(FOLDER / "overlays" / overlay)],
        capture_output=True,
        check=True,
        timeout=120,
    )
    made = {
        (one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.stdout)
    }
    maps = [one for (kind, _), one in made.items() if kind == "ConfigMap"]
    assert len(maps) == 1
    assert maps[0]["data"] == variables("base") | variables(f"overlays/{overlay}")
    assert len(made) == len(built(overlay)) + 1
    for kind in ("Ingress", "Cluster", "ObjectStore", "HorizontalPodAutoscaler", "Service"):
        for (other, name), manifest in built(overlay).items():
            if other == kind:
                assert made[kind, name]["spec"] == manifest["spec"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_set_is_a_setting_and_holds_no_secret(overlay: str) -> None:
    known = set(settings())
    given = variables("base") | variables(f"overlays/{overlay}")
    assert {name for name in given if not name.startswith("PG")} <= known
    assert not {name for name in given if re.search("PASSWORD|SECRET|PASSPHRASE|KEY", name)}
    assert not any(re.search(r"://[^/@]*:[^/@]*@", value) for value in given.values())
    assert not any(kind == "Secret" for kind, _ in built(overlay))


def test_secrets_come_by_reference_and_the_owner_s_address_to_the_preparation_alone() -> None:
    of_owner = []
    for kind, pod in pods().items():
        for given in pod["containers"][0]["env"]:
            assert set(given) == {"name", "valueFrom"}
            assert given["valueFrom"]["secretKeyRef"]["name"]
            assert given["name"] in {"PGPASSWORD", *settings()}
            if given["name"] == "CPTS_OWNER_DATABASE_URL":
                of_owner.append(kind)
    assert of_owner == ["Job"]
    cluster = built("production")["Cluster", "cpts-database"]["spec"]
    assert cluster["bootstrap"]["initdb"]["owner"] not in variables("base")["DATABASE_URL"]
    role = cluster["managed"]["roles"][0]
    assert not role["superuser"]
    assert f"//{role['name']}@cpts-database-rw" in variables("base")["DATABASE_URL"]
    assert f"//{role['name']}@cpts-database-ro" in variables("base")["CPTS_DATABASE_READ_URL"]


@pytest.mark.parametrize("kind", ["Deployment", "Job", "CronJob"])
def test_nothing_runs_with_privileges_or_writes_but_where_it_may(kind: str) -> None:
    pod = pods()[kind]
    of_pod, container = pod["securityContext"], pod["containers"][0]
    own = container["securityContext"]
    assert of_pod["runAsNonRoot"]
    assert of_pod["seccompProfile"]["type"] == "RuntimeDefault"
    assert f"USER {of_pod['runAsUser']}:{of_pod['runAsGroup']}" in (
        ROOT / "Dockerfile"
    ).read_text("utf-8")
    assert own["readOnlyRootFilesystem"]
    assert not own["allowPrivilegeEscalation"]
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert not pod["automountServiceAccountToken"]
    assert container["resources"]["limits"]["memory"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounted = {
        mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]
    }
    assert mounted["/tmp"]["emptyDir"]["sizeLimit"]
    authority = variables("base")["PGSSLROOTCERT"].rpartition("/")[0]
    assert mounted[authority]["secret"]["secretName"] == "cpts-database-ca"
    if kind == "Deployment":
        assert "emptyDir" in mounted[variables("base")["CPTS_DATA_DIRECTORY"]]


def test_probes_ask_routes_that_there_are() -> None:
    routes = {getattr(route, "path", "") for route in health.routes}
    container = application()
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] in routes
        assert container[probe]["httpGet"]["port"] == "http"
    # A database that is away, or full, must not take every pod out of the service.
    assert container["startupProbe"]["httpGet"]["path"] == "/readyz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/healthz"


def test_ports_agree_from_the_ingress_to_the_application() -> None:
    manifests = built("production")
    ports = {port["name"]: port["containerPort"] for port in application()["ports"]}
    assert ports["http"] == option("--port")
    assert ports["metrics"] == int(variables("base")["CPTS_METRICS_PORT"])
    service = manifests["Service", "cpts"]["spec"]
    assert {port["targetPort"] for port in service["ports"]} == set(ports)
    of_service = {port["name"] for port in service["ports"]}
    ingress = manifests["Ingress", "cpts"]["spec"]
    backend = ingress["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert (backend["name"], backend["port"]["name"]) == ("cpts", "http")
    monitor = manifests["ServiceMonitor", "cpts"]["spec"]
    assert {endpoint["port"] for endpoint in monitor["endpoints"]} <= of_service
    let_in = manifests["NetworkPolicy", "cpts-application"]["spec"]["ingress"]
    assert {port["port"] for rule in let_in for port in rule["ports"]} == set(ports.values())


def test_what_selects_pods_finds_them() -> None:
    manifests = built("production")
    labels = manifests["Deployment", "cpts"]["spec"]["template"]["metadata"]["labels"]
    for kind, name, where in (
        ("Deployment", "cpts", ("selector", "matchLabels")),
        ("Service", "cpts", ("selector",)),
        ("PodDisruptionBudget", "cpts", ("selector", "matchLabels")),
        ("NetworkPolicy", "cpts-application", ("podSelector", "matchLabels")),
    ):
        selector = manifests[kind, name]["spec"]
        for step in where:
            selector = selector[step]
        assert selector.items() <= labels.items(), kind
    job = manifests["Job", "cpts-prepare"]["spec"]["template"]["metadata"]["labels"]
    assert not manifests["Service", "cpts"]["spec"]["selector"].items() <= job.items()
    commands = manifests["NetworkPolicy", "cpts-commands"]["spec"]["podSelector"]
    assert commands["matchLabels"] == job


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_hosts_of_an_overlay_are_one(overlay: str) -> None:
    ingress = built(overlay)["Ingress", "cpts"]["spec"]
    host = ingress["rules"][0]["host"]
    assert ingress["tls"][0]["hosts"] == [host]
    assert variables(f"overlays/{overlay}")["CPTS_PUBLIC_URL"] == f"https://{host}"
    assert "invalid" not in str(built(overlay))
    assert "named-by-the-overlay" not in str(built(overlay))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_database_has_room_for_the_connections_of_all_pods(overlay: str) -> None:
    manifests = built(overlay)
    most = manifests["HorizontalPodAutoscaler", "cpts"]["spec"]["maxReplicas"]
    surge = manifests["Deployment", "cpts"]["spec"]["strategy"]["rollingUpdate"]["maxSurge"]
    rolled_out = most + -(-most * int(surge.rstrip("%")) // 100)
    # One more of each worker asks for the revision; two of each pod are for its metrics.
    of_worker = int(variables("base")["CPTS_DATABASE_CONNECTIONS"]) + 1
    of_pod = option("--workers") * of_worker + 2
    parameters = manifests["Cluster", "cpts-database"]["spec"]["postgresql"]["parameters"]
    # Twenty for commands, the operator and replication.
    assert rolled_out * of_pod + 20 <= int(parameters["max_connections"])


def test_a_pod_has_time_to_answer_what_it_has_begun() -> None:
    pod = pods()["Deployment"]
    withdrawn_s = application()["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= withdrawn_s + 2 * _GRACE_S
    assert (
        built("production")["Deployment", "cpts"]["spec"]["strategy"]["rollingUpdate"][
            "maxUnavailable"
        ]
        == 0
    )


def test_a_worker_is_replaced_before_its_pod_is_out_of_memory() -> None:
    worker = int(variables("base")["CPTS_WORKER_MEMORY_MEGABYTES"])
    limit = application()["resources"]["limits"]["memory"]
    # Supervisor and fork servers: half a gigabyte.
    assert option("--workers") * worker + 512 < 1024 * int(limit.removesuffix("Gi"))


def test_a_restored_database_reads_the_archive_that_was_written_and_writes_another() -> None:
    before, after = built("production")["Cluster", "cpts-database"]["spec"], restored()["spec"]
    source = after["externalClusters"][0]
    assert after["bootstrap"]["recovery"]["source"] == source["name"]
    for name in ("database", "owner"):
        assert after["bootstrap"]["recovery"][name] == before["bootstrap"]["initdb"][name]
    read_from, write_to = source["plugin"]["parameters"], after["plugins"][0]["parameters"]
    assert read_from["barmanObjectName"] == write_to["barmanObjectName"]
    assert read_from["serverName"] == "cpts-database" != write_to["serverName"]


def test_the_rules_of_both_kinds_of_prometheus_are_the_same() -> None:
    of_operator = built("production")["PrometheusRule", "cpts"]["spec"]
    assert of_operator == read(ROOT / "deploy" / "monitoring" / "alerts.yml")[0]
    more = built("production")["PrometheusRule", "cpts-database"]["spec"]["groups"]
    for rule in (rule for group in more for rule in group["rules"]):
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
