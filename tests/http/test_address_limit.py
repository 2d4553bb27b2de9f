"""How often one address may ask."""

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.sessions import Sessions
from app.http.address_limit import LIMITS, AddressLimit, LimitName, open_limits, purge
from app.http.repository import forget_addresses
from app.main import create_app
from app.problems import TooManyRequests
from app.settings import AccountSettings, ServiceSettings, Settings


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


def test_each_limit_counts_what_it_is_called_by_its_own_setting(sessions: Sessions) -> None:
    service = ServiceSettings(sign_ins_per_minute=1, reports_per_minute=2, notes_per_minute=1)
    accounts = AccountSettings(account_attempts=4)
    limits = open_limits(Settings(service=service, accounts=accounts), sessions)
    assert limits.keys() == LIMITS.keys()
    assert len({declared.what for declared in LIMITS.values()}) == len(LIMITS)
    expected: tuple[tuple[LimitName, int], ...] = (
        ("sign_in", 1),
        ("report", 2),
        ("note", 1),
        ("note_pdf", 3),
        ("mail", 1),
        ("account", 4),
    )
    for name, allowed in expected:
        for _ in range(allowed):
            limits[name].count("192.0.2.1")
        with pytest.raises(TooManyRequests, match=LIMITS[name].what):
            limits[name].count("192.0.2.1")


def age(engine: Engine, interval: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE address_count SET since = since - CAST(:age AS interval)"),
            {"age": interval},
        )


def digests(engine: Engine) -> list[bytes]:
    with engine.connect() as connection:
        return list(
            connection.execute(
                text("SELECT address_digest FROM address_count ORDER BY requests DESC")
            ).scalars()
        )


def test_a_new_minute_counts_anew(sessions: Sessions, engine: Engine) -> None:
    limit = AddressLimit(1, what="vérifications", sessions=sessions)
    limit.count("192.0.2.1")
    age(engine, "61 seconds")
    limit.count("192.0.2.1")


def test_digests_are_gone_before_ten_minutes_are_over_and_recent_ones_stay(
    sessions: Sessions, engine: Engine
) -> None:
    limit = AddressLimit(5, what="vérifications", sessions=sessions)
    limit.count("192.0.2.1")
    limit.count("192.0.2.2")
    # Forgotten each minute, at the latest at nine.
    age(engine, "8 minutes 1 second")
    limit.count("192.0.2.1")
    purge(sessions)
    [left] = digests(engine)
    limit.count("192.0.2.1")
    assert digests(engine) == [left]


def test_nobody_needs_to_ask_for_addresses_to_be_forgotten(
    settings: Settings, sessions: Sessions, engine: Engine
) -> None:
    AddressLimit(5, what="vérifications", sessions=sessions).count("192.0.2.1")
    age(engine, "9 minutes")
    settings.service.upkeep = True
    with TestClient(create_app(settings)):
        until = time.monotonic() + 10
        while digests(engine) and time.monotonic() < until:
            time.sleep(0.05)
    assert digests(engine) == []


def test_a_digest_cannot_be_had_from_the_address_alone(
    sessions: Sessions, engine: Engine
) -> None:
    limit = AddressLimit(5, what="vérifications", sessions=sessions)
    limit.count("192.0.2.1")
    [one] = digests(engine)
    assert one != hashlib.sha256(b"192.0.2.1").digest()
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM address_count"))
        connection.execute(text("DELETE FROM address_secret"))
    AddressLimit(5, what="vérifications", sessions=sessions).count("192.0.2.1")
    # Another secret was drawn.
    assert digests(engine) != [one]


def test_secrets_of_former_hours_are_forgotten(sessions: Sessions, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO address_secret VALUES (now() - interval '3 hours', 'old')"
                " ON CONFLICT DO NOTHING"
            )
        )
    AddressLimit(5, what="vérifications", sessions=sessions).count("192.0.2.1")
    purge(sessions)
    with engine.connect() as connection:
        secrets = connection.execute(text("SELECT secret FROM address_secret")).scalars().all()
    assert len(secrets) == 1
    assert len(secrets[0]) == 32


def test_a_purge_waits_for_no_count_and_no_count_for_a_purge(
    sessions: Sessions, engine: Engine
) -> None:
    limit = AddressLimit(100, what="vérifications", sessions=sessions)
    limit.count("192.0.2.1")
    limit.count("192.0.2.2")
    age(engine, "1 hour")
    with engine.connect() as counting, counting.begin():
        counting.execute(text("SET LOCAL lock_timeout = '5s'"))
        counting.execute(
            text("UPDATE address_count SET requests = 1 WHERE address_digest = :held"),
            {"held": digests(engine)[0]},
        )
        with ThreadPoolExecutor(1) as other:
            other.submit(purge, sessions).result(timeout=5)
        assert len(digests(engine)) == 1
    with sessions.aside_write() as purging, purging.begin():
        forget_addresses(purging)
        with ThreadPoolExecutor(1) as other:
            other.submit(limit.count, "192.0.2.3").result(timeout=5)


def test_hundreds_of_counts_after_a_quiet_time_among_purges_all_succeed(
    sessions: Sessions, engine: Engine
) -> None:
    limit = AddressLimit(10_000, what="vérifications", sessions=sessions)
    addresses = [f"192.0.2.{number}" for number in range(60)]
    for address in addresses:
        limit.count(address)

    def count_all(order: int) -> None:
        random = Random(order)
        for address in random.sample(addresses, len(addresses)):
            limit.count(address)
            if random.random() < 0.1:
                purge(sessions)

    for _ in range(3):
        age(engine, "1 hour")
        with ThreadPoolExecutor(12) as pool:
            for done in [pool.submit(count_all, order) for order in range(12)]:
                done.result()
    with engine.connect() as connection:
        counted = connection.scalar(text("SELECT sum(requests) FROM address_count"))
    # Of the last round, nothing is lost.
    assert counted == 12 * len(addresses)


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
