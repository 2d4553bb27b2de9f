"""Whether a request says who sends it. What is kept is for visitors only."""

from starlette.types import Scope

# Over HTTPS the cookies have names that no other host can set.
_SECURE = "__Host-"
SESSION_COOKIE = "cpts-agent"
SECURE_SESSION_COOKIE = _SECURE + SESSION_COOKIE
# Of the forms of visitors who sign in; says nothing of who they are.
FORM_COOKIE = "cpts-form"
SECURE_FORM_COOKIE = _SECURE + FORM_COOKIE
# Of a sign-in that is under way with a provider of identities.
PROVIDER_COOKIE = "cpts-identity"
SECURE_PROVIDER_COOKIE = _SECURE + PROVIDER_COOKIE

_COOKIE_NAME = SESSION_COOKIE.encode("ascii")


def bears_credential(scope: Scope) -> bool:
    """Tell whether a request bears a token or the cookie of a session, valid or not.

    Errs towards yes: a cookie header in which the name stands anywhere counts, so that no
    way of writing cookies is read here otherwise than by who recognises the session.
    """
    return any(
        name == b"authorization" or (name == b"cookie" and _COOKIE_NAME in value)
        for name, value in scope["headers"]
    )
