"""How the service is put together."""

import subprocess
import sys

from app.main import create_app
from app.settings import DatabaseSettings, Settings
from tests.command_processes import ROOT, environment


def test_applications_of_a_process_share_their_routes_and_nothing_that_changes() -> None:
    # Assembling connects to nothing.
    settings = Settings(database=DatabaseSettings(url="postgresql://localhost/nowhere"))
    one, other = create_app(settings), create_app(settings)
    assert {id(route) for route in one.routes} == {id(route) for route in other.routes}
    assert len(one.routes) > 10
    assert one.state.sessions is not other.state.sessions
    assert one.state.readiness is not other.state.readiness


def test_what_only_some_services_or_pages_need_is_not_imported_at_the_start() -> None:
    program = "import sys; from app.main import create_app; create_app(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment("postgresql://u@127.0.0.1:1/x", PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    imported = done.stdout.split()
    assert "app.main" in imported
    for unneeded in ("folium", "opentelemetry.sdk"):
        found = [name for name in imported if f"{name}.".startswith(f"{unneeded}.")]
        assert found == []
