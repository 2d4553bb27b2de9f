"""What can go wrong with a letter, besides the errors of every route."""

from app.problems import Invalid, TooManyRequests


def polygon_too_complex() -> Invalid:
    """Give the error of a polygon whose communes cannot be told in a fair time."""
    return Invalid.at(
        "body", "geometry", message="Ce polygone est trop complexe : simplifiez son contour."
    )


class TooManyChecks(TooManyRequests):
    """One address has asked for more checks than the service answers in a minute."""

    def __init__(self, *, per_minute: int, retry_after_s: int) -> None:
        super().__init__(
            f"Au plus {per_minute} vérifications par minute et par adresse : "
            f"réessayez dans {retry_after_s} s."
        )
        self.headers = {"Retry-After": str(retry_after_s)}  # type: ignore[misc]
