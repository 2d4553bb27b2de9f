"""`cpts.geojson` beside tipg on the same database and beside nginx with the same bytes."""

import gzip
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli
import psycopg

from benchmarks.figures import Figure, Target, ratio
from benchmarks.scratch import ScratchServer
from benchmarks.servers import fetch, free_port, nginx, service, tipg
from benchmarks.wrk import CONNECTIONS, Load, load

SCHEMA = "peer"
CODINGS = ("identity", "gzip", "br")
_TARGET = Target("at_least", 30, of="ratio")
# Tables of one row per CPTS with the very coordinates that the service sends: no join,
# and an index on what is filtered by.
_TABLES = """
    DROP SCHEMA IF EXISTS peer CASCADE;
    CREATE SCHEMA peer;
    CREATE TABLE peer.cpts_national (
        id integer PRIMARY KEY, name text, acronym text, finess text, stage text,
        stage_label text, stage_since date, population integer, population_year integer,
        population_note text, tier integer, commune_count integer, departments jsonb,
        regions jsonb, lead_department text, themes jsonb, website text, email text,
        phone text, address text, demonstration boolean, updated_at text,
        geom geometry(MultiPolygon, 4326)
    );
    CREATE TABLE peer.cpts_region (region text, LIKE peer.cpts_national);
    CREATE INDEX ON peer.cpts_region (region);
"""
_NATIONAL = """
    INSERT INTO peer.cpts_national
    SELECT (jsonb_populate_record(NULL::peer.cpts_national, %(properties)s::jsonb
        || jsonb_build_object('geom', ST_Multi(ST_GeomFromGeoJSON(%(geometry)s))))).*
"""
_REGION = """
    INSERT INTO peer.cpts_region
    SELECT %(region)s, (jsonb_populate_record(NULL::peer.cpts_national, %(properties)s::jsonb
        || jsonb_build_object('geom', ST_Multi(ST_GeomFromGeoJSON(%(geometry)s))))).*
"""


@dataclass(frozen=True)
class Request:
    """One request as each server is asked it."""

    name: str
    file: str
    ours: str
    peers: str


REQUESTS = (
    Request(
        "Hauts-de-France",
        "region.geojson",
        "/api/v1/cpts.geojson?region=32",
        f"/collections/{SCHEMA}.cpts_region/items?region=32&limit=10000&f=geojson",
    ),
    Request(
        "France entière",
        "country.geojson",
        "/api/v1/cpts.geojson",
        f"/collections/{SCHEMA}.cpts_national/items?limit=10000&f=geojson",
    ),
)


@dataclass(frozen=True)
class Programs:
    """What the comparison runs: wrk, nginx, and the Python that has tipg."""

    wrk: Path
    nginx: Path
    peer_python: Path


@dataclass(frozen=True)
class _Run:
    """What one run gave, by request name and, for the loads, coding.

    Parameters: `bodies` of the service; `peer_sizes`, bytes of tipg's answers; `files`,
    what nginx served, by path; `built`, the service keeping no answer.
    """

    bodies: Mapping[str, bytes]
    peer_sizes: Mapping[str, int]
    files: Mapping[str, bytes]
    ours: Mapping[tuple[str, str], Load]
    peers: Mapping[tuple[str, str], Load]
    limits: Mapping[tuple[str, str], Load]
    built: Mapping[str, Load]


def measure_features(server: ScratchServer, programs: Programs, seconds: int) -> list[Figure]:
    """Count requests per second of the three servers, one after the other.

    Parameters: `seconds`, how long each is asked. Raises `AssertionError` when the peers
    do not give the same CPTS with the same polygons.
    """
    run = _measured(server, programs, seconds)
    return [figure for request in REQUESTS for figure in _figures(request, run)]


def _measured(server: ScratchServer, programs: Programs, seconds: int) -> _Run:
    settings = {"DATABASE_URL": server.url, "CPTS_DEMO": "0"}
    with service(free_port(), settings=settings) as ours:
        _fill_peer_tables(server.url, ours)
        bodies = {request.name: fetch(ours + request.ours)[2] for request in REQUESTS}
        own = _loads(programs.wrk, {r.name: ours + r.ours for r in REQUESTS}, seconds)
    with tipg(programs.peer_python, server.sockets, server.database, SCHEMA) as peer:
        sizes = {
            request.name: _check_same(bodies[request.name], fetch(peer + request.peers)[2])
            for request in REQUESTS
        }
        peers = _loads(programs.wrk, {r.name: peer + r.peers for r in REQUESTS}, seconds)
    files = _files(bodies)
    with (
        tempfile.TemporaryDirectory() as folder,
        nginx(programs.nginx, Path(folder), files) as limit,
    ):
        limits = {
            (request.name, coding): load(
                programs.wrk, f"{limit}/{coding}/{request.file}", coding, seconds
            )
            for request in REQUESTS
            for coding in CODINGS
        }
    # As if nobody had asked that question since a change, but others about the same CPTS.
    with service(free_port(), settings={**settings, "CPTS_CACHE_MEGABYTES": "0"}) as uncached:
        built = {
            request.name: load(programs.wrk, uncached + request.ours, "identity", seconds)
            for request in REQUESTS
        }
    return _Run(bodies, sizes, files, own, peers, limits, built)


def _figures(request: Request, run: _Run) -> list[Figure]:
    body = run.bodies[request.name]
    count = len(json.loads(body)["features"])
    topic = (
        f"cpts.geojson, {request.name} : {count} CPTS ({CONNECTIONS} connexions, un "
        f"processus ; {len(body) / 1e3:.0f} ko, "
        f"tipg {run.peer_sizes[request.name] / 1e3:.0f} ko)"
    )
    figures = []
    for coding in CODINGS:
        key = (request.name, coding)
        sent = len(run.files[f"{coding}/{request.file}"]) / 1e3
        told = f"{coding}, {sent:.0f} ko"
        ours, peer, limit = (side[key] for side in (run.ours, run.peers, run.limits))
        figures += [
            _rate(topic, f"service ({told})", ours, peer, "tipg", target=_TARGET),
            _rate(topic, f"tipg ({coding})", peer),
            _rate(topic, f"nginx, fichier ({told})", limit),
            _rate(topic, f"service ({told})", ours, limit, "nginx"),
        ]
    figures.append(
        _rate(
            topic,
            "service qui ne garde rien (identity)",
            run.built[request.name],
            run.peers[request.name, "identity"],
            "tipg",
        )
    )
    return figures


def _rate(
    topic: str,
    label: str,
    found: Load,
    other: Load | None = None,
    beside: str | None = None,
    *,
    target: Target | None = None,
) -> Figure:
    return Figure(
        topic,
        label,
        found.rate,
        "req/s",
        None if other is None else ratio(found.rate, other.rate),
        beside,
        target,
        f"médiane {found.median_s * 1e3:.2f} ms, 99 % sous {found.tail_s * 1e3:.2f} ms",
    )


def _loads(
    wrk: Path, addresses: Mapping[str, str], seconds: int
) -> dict[tuple[str, str], Load]:
    return {
        (name, coding): load(wrk, address, coding, seconds)
        for name, address in addresses.items()
        for coding in CODINGS
    }


def _files(bodies: Mapping[str, bytes]) -> dict[str, bytes]:
    """Give nginx's files by path: the service's bytes, compressed as the service does."""
    files = {}
    for request in REQUESTS:
        body = bodies[request.name]
        files[f"identity/{request.file}"] = body
        files[f"gzip/{request.file}"] = gzip.compress(body, compresslevel=6, mtime=0)
        files[f"br/{request.file}"] = brotli.compress(body, quality=6)
    return files


def _fill_peer_tables(url: str, service_base: str) -> None:
    national, regions = REQUESTS[1], json.loads(fetch(f"{service_base}/api/v1/regions")[2])
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(_TABLES)
        cursor.executemany(
            _NATIONAL, [_row(f) for f in _features(service_base + national.ours)]
        )
        for region in regions["items"]:
            address = f"{service_base}/api/v1/cpts.geojson?region={region['code']}"
            rows = [{**_row(f), "region": region["code"]} for f in _features(address)]
            if rows:
                cursor.executemany(_REGION, rows)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE peer.cpts_national")
        connection.execute("VACUUM ANALYZE peer.cpts_region")


def _features(url: str) -> list[dict[str, Any]]:
    features: list[dict[str, Any]] = json.loads(fetch(url)[2])["features"]
    return features


def _row(feature: Mapping[str, Any]) -> dict[str, str | None]:
    geometry = feature["geometry"]
    return {
        "properties": json.dumps(feature["properties"]),
        "geometry": None if geometry is None else json.dumps(geometry),
    }


def _check_same(ours: bytes, peers: bytes) -> int:
    """Compare CPTS and coordinates, and give the size of the peer's answer in bytes."""
    own, other = (
        {
            feature["properties"]["id"]: _polygons(feature["geometry"])
            for feature in json.loads(body)["features"]
        }
        for body in (ours, peers)
    )
    if not own or own != other:
        raise AssertionError("tipg does not give the same CPTS with the same polygons")
    return len(peers)


def _polygons(geometry: Mapping[str, Any] | None) -> Any:
    if geometry is None:
        return None
    if geometry["type"] == "Polygon":
        return [geometry["coordinates"]]
    return geometry["coordinates"]
