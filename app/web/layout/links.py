"""What of a stranger's text becomes a link."""

import re
from urllib.parse import urlsplit

from app.http.texts import mailbox as checked_mailbox

_TELEPHONE = re.compile(r"\+?[\d][\d .\-()]{5,24}")


def safe_website(address: str | None) -> str | None:
    """Give an address that may be linked: absolute, http or https; None for anything else."""
    if not address:
        return None
    try:
        parts = urlsplit(address.strip())
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return None
    return address.strip()


def mail_address(mailbox: str | None) -> str | None:
    """Give the `mailto:` of a mailbox, None when it is none."""
    try:
        return f"mailto:{checked_mailbox((mailbox or '').strip())}"
    except ValueError:
        return None


def telephone_address(number: str | None) -> str | None:
    """Give the `tel:` of a telephone number, None when it is none."""
    dialled = (number or "").strip()
    if not _TELEPHONE.fullmatch(dialled):
        return None
    if dialled.startswith("+"):
        # « +33 (0)4 »: the zero is for whoever calls from within the country.
        dialled = dialled.replace("(0)", "")
    return "tel:" + re.sub(r"[^\d+]", "", dialled)
