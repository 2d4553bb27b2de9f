"""One-time codes (TOTP, RFC 6238) and recovery codes, in plain Python."""

import hmac
import secrets
from datetime import datetime

import pyotp

RECOVERY_CODES = 10
# Letters and digits that nobody takes for one another.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4
# A clock may be one interval fast or slow.
_DRIFT = 1


def fresh_totp_secret() -> str:
    """Draw the secret that an application of one-time codes shares with the service."""
    return pyotp.random_base32()


def interval_of(secret: str, code: str, *, now: datetime, after: int | None) -> int | None:
    """Tell for which interval of 30 s a code is right, None when for none near now.

    Parameters: `after`, the interval of the last code taken, so that none is taken twice.
    """
    totp = pyotp.TOTP(secret)
    given = "".join(code.split())
    present = totp.timecode(now)
    right = [
        interval
        for interval in range(present - _DRIFT, present + _DRIFT + 1)
        # All are compared, whichever is right.
        if hmac.compare_digest(totp.generate_otp(interval).encode(), given.encode())
    ]
    fresh = [interval for interval in right if after is None or interval > after]
    return max(fresh) if fresh else None


def setup_address(secret: str, *, email: str, site: str) -> str:
    """Give the `otpauth:` address that an application reads from a square of dots."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site)


def fresh_recovery_codes() -> list[str]:
    """Draw codes that stand in for a lost second factor, each of 79 random bits."""
    return ["-".join(_drawn() for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]


def recovery_code_spelled(given: str) -> str:
    """Give a recovery code as it is digested: without blanks and dashes, in lower case."""
    return "".join(each for each in given.lower() if each.isalnum())


def _drawn() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_GROUP))
