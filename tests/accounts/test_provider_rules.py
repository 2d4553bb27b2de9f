"""What an identity must prove, and what an attacker would put in its place."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from app.accounts.provider.rules import (
    Identity,
    IdentityRefused,
    identity_proven,
    metadata_checked,
)

ISSUER = "https://identite.example"
KEY = RSAKey.generate_key(2048, {"kid": "a"}, private=True)
KEYS = KeySet([KEY]).as_dict(private=False)


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    told: dict[str, Any] = {
        "iss": ISSUER,
        "sub": "abc",
        "aud": "cpts",
        "exp": now + 300,
        "iat": now,
        "nonce": "n-1",
        "given_name": "Zélie",
        "usual_name": "Planté",
    }
    return {name: value for name, value in (told | changed).items() if value is not None}


def signed(told: dict[str, Any], alg: str = "RS256", key: Any = KEY) -> str:
    return jwt.encode({"alg": alg, "kid": "a"}, told, key, algorithms=[alg])


def proven(id_token: Any) -> Identity:
    return identity_proven(
        {"id_token": id_token}, KEYS, issuer=ISSUER, client_id="cpts", nonce="n-1"
    )


@pytest.mark.parametrize("acr", [None, "eidas1", "eidas2 eidas3", ["eidas2"], 2])
def test_a_way_of_authenticating_that_was_not_asked_for_is_refused(acr: Any) -> None:
    asked: dict[str, Any] = {"issuer": ISSUER, "client_id": "cpts", "nonce": "n-1"}
    wanted = ["eidas2", "eidas3"]
    weak = {"id_token": signed(claims(acr=acr))}
    with pytest.raises(IdentityRefused, match="not asked for"):
        identity_proven(weak, KEYS, **asked, acr_values=wanted)
    # Where nothing is asked for, any does.
    assert identity_proven(weak, KEYS, **asked).subject == "abc"
    strong = {"id_token": signed(claims(acr="eidas3"))}
    assert identity_proven(strong, KEYS, **asked, acr_values=wanted).subject == "abc"


def test_a_subject_that_no_column_holds_is_refused() -> None:
    with pytest.raises(IdentityRefused):
        proven(signed(claims(sub="a\0b")))


def test_a_token_of_this_sign_in_proves_who_it_is() -> None:
    token = signed(claims())
    assert proven(token) == Identity(ISSUER, "abc", "Zélie Planté", token)


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "n-2"},
        {"nonce": None},
        {"iss": "https://autre.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "autre"},
        {"aud": ["autre"]},
        {"aud": None},
        {"aud": ["cpts", "autre"], "azp": "autre"},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
    ],
)
def test_another_s_token_proves_nothing(changed: dict[str, Any]) -> None:
    with pytest.raises(IdentityRefused):
        proven(signed(claims(**changed)))


def test_a_token_signed_by_another_key_proves_nothing() -> None:
    other = RSAKey.generate_key(2048, {"kid": "a"}, private=True)
    with pytest.raises(IdentityRefused):
        proven(signed(claims(), key=other))
    curve = ECKey.generate_key("P-256", {"kid": "a"}, private=True)
    with pytest.raises(IdentityRefused):
        proven(signed(claims(), "ES256", curve))


def test_the_public_key_is_no_shared_secret() -> None:
    head = _encoded({"alg": "HS256", "kid": "a"})
    signing = f"{head}.{_encoded(claims())}"
    for secret in (KEY.as_pem(private=False), json.dumps(KEYS["keys"][0]).encode()):
        mac = hmac.digest(secret, signing.encode(), "sha256")
        with pytest.raises(IdentityRefused):
            proven(f"{signing}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}")


def _encoded(told: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", 7, "ey.ey."])
def test_what_is_no_token_proves_nothing(token: Any) -> None:
    with pytest.raises(IdentityRefused):
        proven(token)


def test_an_unsigned_token_proves_nothing() -> None:
    head, body, _ = signed(claims()).split(".")
    unsigned = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    for forged in (f"{unsigned}.{body}.", f"{head}.{body}."):
        with pytest.raises(IdentityRefused):
            proven(forged)


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"given_name": None, "usual_name": None, "name": "Zélie P."}, "Zélie P."),
        ({"given_name": None, "usual_name": None}, ""),
        ({"given_name": 7, "usual_name": ["x"], "name": 3}, ""),
        ({"usual_name": None, "family_name": "Planté"}, "Zélie Planté"),
    ],
)
def test_the_name_is_what_the_provider_says(changed: dict[str, Any], name: str) -> None:
    assert proven(signed(claims(**changed))).name == name


METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
    "end_session_endpoint": f"{ISSUER}/logout",
}


def test_metadata_are_those_of_the_issuer() -> None:
    kept = {name: value for name, value in METADATA.items() if name != "issuer"}
    assert metadata_checked(ISSUER, METADATA) == kept


@pytest.mark.parametrize(
    "told",
    [
        None,
        [],
        {},
        METADATA | {"issuer": "https://autre.example"},
        METADATA | {"token_endpoint": "http://identite.example/token"},
        METADATA | {"jwks_uri": None},
        METADATA | {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_metadata_of_another_or_in_clear_are_refused(told: Any) -> None:
    with pytest.raises(IdentityRefused):
        metadata_checked(ISSUER, told)
