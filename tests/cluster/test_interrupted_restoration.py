"""A restoration that was cut off between two folders loses neither of them."""

from pathlib import Path

import pytest

from app.cluster.private import PrivateCluster
from app.failures import Failure
from app.progress import SilentProgress


def test_data_kept_aside_are_not_taken_for_an_unfinished_cluster(tmp_path: Path) -> None:
    kept = tmp_path / "postgres" / "data.before-20261125T033000"
    kept.mkdir(parents=True)
    (kept / "PG_VERSION").write_text("15\n")
    cluster = PrivateCluster(tmp_path / "postgres", SilentProgress())
    with pytest.raises(Failure, match=r"interrompue.*data\.before-20261125T033000"):
        cluster.running().__enter__()
    assert (kept / "PG_VERSION").read_text() == "15\n"
