"""Sitemaps and the words about tiers. Plain Python."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from xml.sax.saxutils import escape

from app.database.calendar import PARIS

# A sitemap may list 50 000 addresses.
ADDRESSES_A_SITEMAP = 20_000
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
Entry = tuple[str, datetime | None]


def parts_of(count: int) -> int:
    """Give how many sitemaps a list of addresses fills."""
    return -(-count // ADDRESSES_A_SITEMAP)


def part(entries: Iterable[Entry], position: int) -> list[Entry]:
    """Give the addresses of one sitemap; `position` begins at 1."""
    start = (position - 1) * ADDRESSES_A_SITEMAP
    return list(islice(entries, start, start + ADDRESSES_A_SITEMAP))


def sitemap(base: str, entries: Iterable[Entry]) -> bytes:
    """Write a sitemap.

    Parameters: `base`, the outside address; `entries`, root-relative addresses with the
    moment of their last change, if known.
    """
    urls = "\n".join(
        f"<url><loc>{escape(base + path)}</loc>{_last_change(changed)}</url>"
        for path, changed in entries
    )
    return f'{_HEAD}<urlset xmlns="{_NAMESPACE}">\n{urls}\n</urlset>\n'.encode()


def sitemap_index(base: str, paths: Sequence[str]) -> bytes:
    """Write the index of the sitemaps at these root-relative addresses."""
    maps = "\n".join(f"<sitemap><loc>{escape(base + path)}</loc></sitemap>" for path in paths)
    return f'{_HEAD}<sitemapindex xmlns="{_NAMESPACE}">\n{maps}\n</sitemapindex>\n'.encode()


def _last_change(moment: datetime | None) -> str:
    # The day that it was in Paris, whatever zone the server keeps.
    day = moment.astimezone(PARIS).date() if moment else None
    return f"<lastmod>{day.isoformat()}</lastmod>" if day else ""
