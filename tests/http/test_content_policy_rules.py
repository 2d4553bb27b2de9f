"""What a page may load, and who may frame it."""

from app.http.content_policy import (
    ANY_SITE,
    BARE_POLICY,
    INLINE,
    OWN,
    hash_of,
    page_content_policy,
)


def directives(policy: str) -> dict[str, str]:
    named = [part.strip().partition(" ") for part in policy.split(";")]
    assert len({name for name, _, _ in named}) == len(named)
    return {name: sources for name, _, sources in named}


def test_a_page_takes_nothing_from_elsewhere_unless_named() -> None:
    assert directives(page_content_policy()) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "form-action": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
    }


def test_what_is_named_is_allowed_and_nothing_more() -> None:
    named = directives(
        page_content_policy(
            scripts=["'sha256-b'", "'sha256-a'"],
            styles=[INLINE],
            image_origins=["https://b.example", "https://a.example"],
            own=["frame-src"],
            form_action=OWN,
            frame_ancestors=ANY_SITE,
        )
    )
    bare = directives(page_content_policy())
    assert {name: sources for name, sources in named.items() if bare.get(name) != sources} == {
        "script-src": "'self' 'sha256-a' 'sha256-b'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: https://a.example https://b.example",
        "frame-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "*",
    }


def test_an_answer_that_is_no_page_loads_nothing() -> None:
    assert directives(BARE_POLICY) == {"default-src": "'none'", "frame-ancestors": "'self'"}


def test_an_inline_text_is_allowed_by_its_hash() -> None:
    # The example of the specification (CSP level 3, « alert('Hello, world.'); »).
    expected = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    assert hash_of("alert('Hello, world.');") == expected
