"""How often one address may ask."""

import pytest
from sqlalchemy import Engine, text

from app.database.sessions import Sessions
from app.http.address_limit import AddressLimit
from app.problems import TooManyRequests


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return Sessions.on(engine)


def test_workers_share_one_count_and_different_things_do_not(sessions: Sessions) -> None:
    one, other = (AddressLimit(2, what="vérifications", sessions=sessions) for _ in range(2))
    one.count("192.0.2.1")
    other.count("192.0.2.1")
    for limit in (one, other):
        with pytest.raises(TooManyRequests):
            limit.count("192.0.2.1")
    AddressLimit(2, what="connexions", sessions=sessions).count("192.0.2.1")


def test_a_new_minute_counts_anew_and_forgets_the_old(
    sessions: Sessions, engine: Engine
) -> None:
    limit = AddressLimit(1, what="vérifications", sessions=sessions)
    limit.count("192.0.2.1")
    limit.count("192.0.2.2")
    with engine.begin() as connection:
        connection.execute(text("UPDATE address_count SET since = since - interval '1 hour'"))
    limit.count("192.0.2.1")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM address_count")).scalar_one() == 1


def test_an_address_is_refused_after_its_number_of_checks_and_told_when_to_come_back(
    sessions: Sessions,
) -> None:
    limit = AddressLimit(3, what="vérifications", sessions=sessions)
    for _ in range(3):
        limit.count("192.0.2.1")
    with pytest.raises(TooManyRequests) as refused:
        limit.count("192.0.2.1")
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60


def test_addresses_count_apart(sessions: Sessions) -> None:
    limit = AddressLimit(1, what="vérifications", sessions=sessions)
    limit.count("192.0.2.1")
    limit.count("192.0.2.2")
    limit.count(None)
    limit.count("2001:db8:0:1::1")
    limit.count("2001:db8:0:2::1")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
        (None, None),
        ("testclient", "testclient"),
    ],
)
def test_one_subscriber_counts_once(
    sessions: Sessions, first: str | None, second: str | None
) -> None:
    limit = AddressLimit(1, what="vérifications", sessions=sessions)
    limit.count(first)
    with pytest.raises(TooManyRequests):
        limit.count(second)
