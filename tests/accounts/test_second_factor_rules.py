"""One-time codes and recovery codes, without a database."""

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from app.accounts.second_factor.rules import (
    fresh_recovery_codes,
    fresh_totp_secret,
    interval_of,
    recovery_code_spelled,
    setup_address,
)

# RFC 6238, appendix B, SHA-1: the last six of the eight digits.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
NOW = datetime(2026, 11, 25, 9, 0, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    moment = datetime.fromtimestamp(second, UTC)
    assert interval_of(RFC_SECRET, code, now=moment, after=None) == second // 30


@pytest.mark.parametrize(
    ("late_s", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_clock_may_be_one_interval_off(late_s: int, taken: bool) -> None:
    secret = fresh_totp_secret()
    code = pyotp.TOTP(secret).at(NOW + timedelta(seconds=late_s))
    assert (interval_of(secret, code, now=NOW, after=None) is not None) is taken


def test_no_code_is_taken_twice_nor_one_before_the_last() -> None:
    secret = fresh_totp_secret()
    code = pyotp.TOTP(secret).at(NOW)
    interval = interval_of(secret, code, now=NOW, after=None)
    assert interval is not None
    assert interval_of(secret, code, now=NOW, after=interval) is None
    before = pyotp.TOTP(secret).at(NOW - timedelta(seconds=30))
    assert interval_of(secret, before, now=NOW, after=interval) is None


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "é" * 6, "١٢٣٤٥٦", "\0" * 6]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    assert interval_of(RFC_SECRET, code, now=NOW, after=None) is None


def test_a_code_may_be_written_in_groups() -> None:
    code = pyotp.TOTP(RFC_SECRET).at(NOW)
    spaced = f" {code[:3]} {code[3:]} "
    assert interval_of(RFC_SECRET, spaced, now=NOW, after=None) is not None


def test_recovery_codes_are_ten_different_ones_however_they_are_written() -> None:
    codes = fresh_recovery_codes()
    assert len({recovery_code_spelled(each) for each in codes}) == 10
    for each in codes:
        assert len(recovery_code_spelled(each)) == 16
        assert recovery_code_spelled(f" {each.upper().replace('-', ' ')} ") == (
            recovery_code_spelled(each)
        )


def test_the_address_of_the_setup_names_the_account_and_the_service() -> None:
    address = setup_address(RFC_SECRET, email="a@exemple.example", site="CPTS")
    assert address.startswith("otpauth://totp/CPTS:a%40exemple.example?")
    assert f"secret={RFC_SECRET}" in address
