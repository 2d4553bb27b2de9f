"""Choices of the reading side that need neither database nor request."""

from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import urlencode

from app.cpts.reading.filtering import Filters
from app.cpts.reading.schemas import DETAILS, Detail


def suitable_detail(filters: Filters) -> Detail:
    """Choose the generalisation that suits what the filters let through, the finest of several.

    Department filters show departments, region filters regions, a box what fits in it;
    without any of them the whole country is seen.
    """
    suited = [key.detail(value) for key, value in filters.asked.items() if key.detail]
    return max(suited, key=DETAILS.index, default="national")


def day_shown(
    started_on: date, ended_on: date | None, day: date, *, asked: bool
) -> date | None:
    """Choose the day as of which a single CPTS is shown.

    Parameters: the CPTS's first day and the first day without it (None while it lasts);
    `day`, the one asked for, or today; `asked`, whether the client named it. A CPTS that
    has ended is shown as of its last day; one that starts later, as of its first day, but
    None when the client asked for an earlier one.
    """
    if day < started_on:
        return None if asked else started_on
    if ended_on is not None and day >= ended_on:
        return max(started_on, ended_on - timedelta(days=1))
    return day


def page_links(
    base: str,
    path: str,
    query: Sequence[tuple[str, str]],
    *,
    matched: int,
    returned: int,
    limit: int,
    offset: int,
) -> list[dict[str, str]]:
    """Link a page with itself and its neighbours.

    Parameters: `base`, the outside address or an empty text for root-relative links;
    `query`, the parameters as given, kept in every link. `next` is there exactly when
    more remain.
    """

    def href(new_offset: int | None) -> str:
        pairs = list(query)
        if new_offset is not None:
            pairs = [pair for pair in pairs if pair[0] not in ("limit", "offset")]
            pairs += [("limit", str(limit)), ("offset", str(new_offset))]
            # As questions are spelled (`app.http.questions`), so that a link leads to itself.
            pairs.sort(key=lambda pair: pair[0])
        return f"{base}{path}{'?' if pairs else ''}{urlencode(pairs, safe=',:')}"

    links = [{"rel": "self", "href": href(None)}]
    if returned and offset + returned < matched:
        links.append({"rel": "next", "href": href(offset + returned)})
    if offset:
        links.append({"rel": "prev", "href": href(max(0, offset - limit))})
    return links
