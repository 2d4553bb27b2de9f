"""How the service is put together."""

from app.main import create_app
from app.settings import DatabaseSettings, Settings


def test_applications_of_a_process_share_their_routes_and_nothing_that_changes() -> None:
    # Assembling connects to nothing.
    settings = Settings(database=DatabaseSettings(url="postgresql://localhost/nowhere"))
    one, other = create_app(settings), create_app(settings)
    assert {id(route) for route in one.routes} == {id(route) for route in other.routes}
    assert len(one.routes) > 10
    assert one.state.sessions is not other.state.sessions
    assert one.state.readiness is not other.state.readiness
