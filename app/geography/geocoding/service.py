"""Asking a geocoder where an address is, within bounds of time, size and number."""

import logging
import ssl
import time
from functools import cached_property

import anyio
import httpx2

from app.geography.geocoding.rules import MOST_FOUND, FoundAddress, NoAddresses, addresses_in
from app.problems import RETRY_AFTER_S, Problem
from app.settings import GeocoderSettings

log = logging.getLogger(__name__)

_LARGEST_BYTES = 256 * 1024
_NOTHING_FOUND = b'{"features": []}'
# How many visitors of one worker may wait for it at once.
_MOST_WAITING = 8
# How long nobody waits any more for a geocoder that let somebody wait in vain.
_AWAY_S = 20.0


class GeocoderUnavailable(Problem):
    """The geocoder does not answer, or not as one."""

    status, code, title = 503, "geocoder-unavailable", "Recherche d'adresses indisponible"
    headers = {"Retry-After": str(RETRY_AFTER_S)}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__(
            "Le service d'adresses ne répond pas : cherchez votre commune par son nom."
        )


class Geocoder:
    """The geocoder of the settings; what it is asked is neither kept nor logged.

    Parameters: `settings`, whose `url` is given.
    """

    def __init__(self, settings: GeocoderSettings) -> None:
        assert settings.url is not None
        self._address = settings.search_address
        self._patience_s = settings.seconds
        self.label = settings.label
        self._waiting = 0
        self._away_since: float | None = None

    async def addresses(self, text: str) -> list[FoundAddress]:
        """Give the addresses that a text means, the likeliest first.

        None of a text that the geocoder refuses to search.

        Raises:
            GeocoderUnavailable: no answer in time, or none of use.
        """
        away_since = self._away_since
        is_away = away_since is not None and time.monotonic() - away_since < _AWAY_S
        if is_away or self._waiting >= _MOST_WAITING:
            raise GeocoderUnavailable
        self._waiting += 1
        try:
            # Of all of it: what comes drop by drop would keep within any other bound.
            with anyio.fail_after(self._patience_s):
                content = await self._asked(text)
            return addresses_in(content)
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            self._away_since = time.monotonic()
            self._tell(error)
            raise GeocoderUnavailable from None
        except NoAddresses as error:
            self._tell(error)
            raise GeocoderUnavailable from None
        finally:
            self._waiting -= 1

    async def _asked(self, text: str) -> bytes:
        asked = {"q": text, "limit": str(MOST_FOUND)}
        received = bytearray()
        async with (
            httpx2.AsyncClient(
                verify=self._trusted, timeout=self._patience_s, follow_redirects=False
            ) as client,
            client.stream(
                "GET", self._address, params=asked, headers={"Accept": "application/json"}
            ) as answer,
        ):
            if answer.status_code == httpx2.codes.BAD_REQUEST:
                # So the Base Adresse Nationale answers a text that it cannot search, such as
                # one of two letters.
                return _NOTHING_FOUND
            if answer.status_code != httpx2.codes.OK:
                raise NoAddresses(str(answer.status_code))
            async for piece in answer.aiter_bytes():
                received += piece
                if len(received) > _LARGEST_BYTES:
                    raise NoAddresses("too large")
        return bytes(received)

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        # Read once: certificates take longer to read than the geocoder to answer.
        return httpx2.create_ssl_context()

    def _tell(self, error: Exception) -> None:
        # By its kind alone: some errors quote the address that was asked for.
        why = str(error) if isinstance(error, NoAddresses) else type(error).__name__
        log.warning("The geocoder gives no answer of use: %s", why)
