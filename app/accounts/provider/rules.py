"""What an identity must prove before it is believed, in plain Python."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.http.texts import refusal_of_line

# Signed with a key of the provider's alone: none with a secret that the client knows too.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
_LEEWAY_S = 60


class IdentityRefused(Exception):
    """A provider's answer that is not believed; the text is for the log and names nobody."""


@dataclass(frozen=True)
class Identity:
    """Who somebody is to a provider; `name` as the provider says it, empty if it does not.

    `id_token` is what the provider asks for when the session ends.
    """

    issuer: str
    subject: str
    name: str
    id_token: str


def metadata_checked(issuer: str, told: Any) -> dict[str, str]:
    """Give what is needed of a provider's metadata.

    Parameters: `issuer`, the address in the settings; `told`, the JSON of the discovery.

    Raises:
        IdentityRefused: another issuer's, or an address missing or not under https.
    """
    if not isinstance(told, dict) or told.get("issuer") != issuer:
        raise IdentityRefused("the metadata are another issuer's")
    is_local = issuer.startswith(("http://127.0.0.1:", "http://localhost:"))
    kept = {}
    for member in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        address = told.get(member)
        if not isinstance(address, str) or not (address.startswith("https://") or is_local):
            raise IdentityRefused(f"the metadata lack {member} under https")
        kept[member] = address
    leaving = told.get("end_session_endpoint")
    if isinstance(leaving, str) and (leaving.startswith("https://") or is_local):
        kept["end_session_endpoint"] = leaving
    return kept


def identity_proven(
    tokens: Any,
    keys: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    acr_values: Sequence[str] = (),
    algorithms: Sequence[str] = ALGORITHMS,
) -> Identity:
    """Give the identity that the answer of the token endpoint proves.

    Parameters: `tokens`, that answer; `keys`, the provider's (JWKS); `nonce`, what this
    sign-in was begun with; `acr_values`, the ways of authenticating that were asked for,
    any when empty.

    Raises:
        IdentityRefused: signed by another or by a shared secret, for another client, of
            another issuer or sign-in, out of date, or authenticated in a way that was not
            asked for.
    """
    id_token = tokens.get("id_token") if isinstance(tokens, dict) else None
    if not isinstance(id_token, str):
        raise IdentityRefused("no id_token")
    try:
        decoded = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=[*algorithms])  # type: ignore[arg-type]
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": issuer},
                "aud": {"essential": True, "value": client_id},
                "sub": {"essential": True},
            },
            params={
                "nonce": nonce,
                "client_id": client_id,
                "access_token": tokens.get("access_token"),
            },
        )
        claims.validate(now=int(time.time()), leeway=_LEEWAY_S)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise IdentityRefused(type(error).__name__) from None
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or refusal_of_line(subject):
        raise IdentityRefused("no subject")
    # What was asked for is a wish to the provider; only its answer tells.
    if acr_values and claims.get("acr") not in acr_values:
        raise IdentityRefused("authenticated in a way that was not asked for")
    return Identity(issuer, subject, _name(claims), id_token)


def _name(claims: Mapping[str, Any]) -> str:
    # ProConnect says « usual_name », others « family_name », or the whole.
    family = claims.get("usual_name") or claims.get("family_name")
    parts = [part for part in (claims.get("given_name"), family) if isinstance(part, str)]
    whole = claims.get("name")
    told = " ".join(parts) or (whole if isinstance(whole, str) else "")
    return told.strip()[:120]
