"""The outside address of the service, for what must name it in full."""

from typing import NamedTuple

from fastapi import Request

from app.settings import Settings


class OutsideAddress(NamedTuple):
    """`base`, without final slash; `is_settled`, whether it is the same for every caller."""

    base: str
    is_settled: bool


def settled_base(request: Request) -> str:
    """Give the outside address if `CPTS_PUBLIC_URL` tells it, else an empty text.

    Links after it are then root-relative: they are the same for every caller.
    """
    settings: Settings = request.app.state.settings
    return settings.service.settled_base


def outside_address(request: Request) -> OutsideAddress:
    """Give the address by which others reach the service.

    Without `CPTS_PUBLIC_URL` it is what the caller used: an answer that holds it must not
    be kept for others, who may have come by another name.
    """
    settings: Settings = request.app.state.settings
    if settings.service.public_url is not None:
        return OutsideAddress(settings.service.public_url, is_settled=True)
    return OutsideAddress(str(request.base_url).rstrip("/"), is_settled=False)
