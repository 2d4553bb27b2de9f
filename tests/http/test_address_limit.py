"""How often one address may ask."""

import pytest

from app.http.address_limit import AddressLimit
from app.problems import TooManyRequests


def test_an_address_is_refused_after_its_number_of_checks_and_told_when_to_come_back() -> None:
    limit = AddressLimit(3, what="vérifications")
    for _ in range(3):
        limit.count("192.0.2.1")
    with pytest.raises(TooManyRequests) as refused:
        limit.count("192.0.2.1")
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60


def test_addresses_count_apart() -> None:
    limit = AddressLimit(1, what="vérifications")
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
def test_one_subscriber_counts_once(first: str | None, second: str | None) -> None:
    limit = AddressLimit(1, what="vérifications")
    limit.count(first)
    with pytest.raises(TooManyRequests):
        limit.count(second)
