"""What a page of the directory is asked for."""

from typing import Annotated

from fastapi import Depends, Path, Query

from app.cpts.reading.filtering import Filters, requested
from app.directory.search.filters import (
    MEMBERS_FILTERS,
    PUBLIC_FILTERS,
    Asked,
    AskedSort,
)
from app.http.parameters import RowId, WholeNumber

A_PAGE = 20

PageNumber = Annotated[WholeNumber, Query(ge=1, le=10_000, description="Page.")]


def _of_page(filters: Filters, page: int) -> Filters:
    return Filters(filters.asked, limit=A_PAGE, offset=(page - 1) * A_PAGE)


async def _by_members(
    filters: Annotated[Filters, Depends(requested(MEMBERS_FILTERS, paged=False))],
    sort: AskedSort = "relevance",
    page: PageNumber = 1,
) -> Asked:
    return Asked(_of_page(filters, page), sort)


async def _by_everyone(
    filters: Annotated[Filters, Depends(requested(PUBLIC_FILTERS, paged=False))],
    sort: AskedSort = "relevance",
    page: PageNumber = 1,
) -> Asked:
    return Asked(_of_page(filters, page), sort, members=False)


AskedByMembers = Annotated[Asked, Depends(_by_members)]
AskedByEveryone = Annotated[Asked, Depends(_by_everyone)]
Id = Annotated[RowId, Path()]
