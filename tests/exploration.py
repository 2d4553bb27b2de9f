"""How many examples Hypothesis tries: a few with every change, many when asked to.

`--hypothesis-profile=long` asks for the many; `tests/conftest.py` makes the profiles known
before any test is read.
"""

from typing import TypeVar

from hypothesis import HealthCheck, settings

Amount = TypeVar("Amount")

LONG = "long"
_SUITE = "suite"
# Of mutants: many runs, which are to judge each of them by the same examples.
_BRIEF = "brief"


def set_profiles() -> None:
    """Register the profiles and load the usual one. None of them judges a test by its time."""
    patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile(_SUITE, patient)
    settings.register_profile(LONG, patient, max_examples=1000)
    settings.register_profile(_BRIEF, patient, max_examples=25, derandomize=True)
    settings.load_profile(_SUITE)


def examples(few: Amount, *, many: Amount) -> Amount:
    """Give the number of examples, or those, of a test on the database or as slow as one."""
    return many if settings.get_current_profile_name() == LONG else few
