"""What the figures were measured on, in general terms."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg


def describe_machine(url: str) -> dict[str, Any]:
    """Tell cores, memory, and versions of what answers.

    Parameters: `url`, of any database of the server measured.
    """
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), postgis_lib_version()"
        ).fetchone()
    assert row is not None
    return {
        "system": platform.system(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "load_before": round(os.getloadavg()[0], 2),
        "load_highest": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "postgresql": row[0].partition(" ")[0],
        "postgis": row[1],
        "uvicorn": version("uvicorn"),
        "geopandas": version("geopandas"),
        "folium": version("folium"),
    }


def peer_version(python: Path, package: str) -> str:
    """Tell the version of a package in another Python environment."""
    question = f"import importlib.metadata as m; print(m.version({package!r}))"
    told = subprocess.run(
        [str(python), "-c", question], check=True, capture_output=True, text=True
    )
    return told.stdout.strip()
