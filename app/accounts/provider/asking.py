"""Asking the provider: where to send people, and who it was that came back."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from app.accounts.provider.rules import (
    Identity,
    IdentityRefused,
    identity_proven,
    metadata_checked,
)
from app.settings import IdentitySettings

_TIMEOUT_S = 5.0
# How long nobody waits any more for a provider that let somebody wait in vain.
_AWAY_S = 30.0
_KEPT_S = 3600.0
# A provider that is asked for its keys by forged tokens must not notice.
_KEYS_AGAIN_S = 60.0
_LARGEST_BYTES = 1_000_000


class ProviderUnavailable(Exception):
    """The provider does not answer, or not as one."""


class Provider:
    """The provider of the settings; its metadata and keys are kept for an hour."""

    def __init__(self, settings: IdentitySettings) -> None:
        assert settings.issuer is not None
        self._settings = settings
        self.issuer = settings.issuer
        self.label = settings.label
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, str]] | None = None
        self._keys: tuple[float, dict[str, Any]] | None = None
        self._away_since: float | None = None

    def authorization_address(self, *, state: str, nonce: str, verifier: str, back: str) -> str:
        """Give the address at which the provider asks who somebody is.

        Parameters: `back`, the whole address to come back to. Raises `ProviderUnavailable`.
        """
        more = {"acr_values": self._settings.acr_values} if self._settings.acr_values else {}
        return str(
            prepare_grant_uri(
                self._told()["authorization_endpoint"],
                self._settings.client_id,
                "code",
                redirect_uri=back,
                scope=self._settings.scopes,
                state=state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
                **more,
            )
        )

    def identity(self, *, code: str, nonce: str, verifier: str, back: str) -> Identity:
        """Exchange a code for who somebody is.

        Raises:
            ProviderUnavailable: no answer, or none of use.
            IdentityRefused: the answer is not believed.
        """
        secret = self._settings.client_secret
        tokens = self._asked(
            "POST",
            self._told()["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": back,
                "client_id": self._settings.client_id,
                "client_secret": secret.get_secret_value() if secret else "",
                "code_verifier": verifier,
            },
        )
        expected: dict[str, Any] = {
            "issuer": self.issuer,
            "client_id": self._settings.client_id,
            "nonce": nonce,
            "acr_values": (self._settings.acr_values or "").split(),
        }
        try:
            return identity_proven(tokens, self._known_keys(_KEPT_S), **expected)
        except IdentityRefused:
            # The provider may have changed its keys since.
            return identity_proven(tokens, self._known_keys(_KEYS_AGAIN_S), **expected)

    def leaving_address(self, *, id_token: str, back: str) -> str | None:
        """Give the address that ends the provider's own session, None when none is known.

        The provider is not asked: whoever leaves does not wait for it.
        """
        known = self._metadata
        address = known[1].get("end_session_endpoint") if known else None
        if address is None:
            return None
        asked = httpx2.QueryParams(
            {"id_token_hint": id_token, "post_logout_redirect_uri": back}
        )
        return f"{address}{'&' if '?' in address else '?'}{asked}"

    def _told(self) -> dict[str, str]:
        with self._alone():
            if self._metadata is None or time.monotonic() - self._metadata[0] > _KEPT_S:
                address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                try:
                    told = metadata_checked(self.issuer, self._asked("GET", address))
                except IdentityRefused as error:
                    raise ProviderUnavailable(str(error)) from None
                self._metadata = (time.monotonic(), told)
            return self._metadata[1]

    def _known_keys(self, kept_s: float) -> dict[str, Any]:
        address = self._told()["jwks_uri"]
        with self._alone():
            if self._keys is None or time.monotonic() - self._keys[0] > kept_s:
                self._keys = (time.monotonic(), self._asked("GET", address))
            return self._keys[1]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_TIMEOUT_S):
            raise ProviderUnavailable("others wait for it already")
        try:
            yield
        finally:
            self._lock.release()

    def _asked(self, method: str, address: str, data: dict[str, str] | None = None) -> Any:
        away_since = self._away_since
        if away_since is not None and time.monotonic() - away_since < _AWAY_S:
            raise ProviderUnavailable("lately away")
        try:
            with httpx2.Client(timeout=_TIMEOUT_S, follow_redirects=False) as client:
                answer = client.request(
                    method, address, data=data, headers={"Accept": "application/json"}
                )
            if answer.status_code != httpx2.codes.OK or len(answer.content) > _LARGEST_BYTES:
                raise ProviderUnavailable(f"answered {answer.status_code}")
            return answer.json()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            if isinstance(error, httpx2.TransportError):
                # Not for an answer that says no: a visitor's wrong code would give one.
                self._away_since = time.monotonic()
            raise ProviderUnavailable(type(error).__name__) from None
