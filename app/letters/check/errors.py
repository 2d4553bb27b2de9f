"""What can go wrong with a letter, besides the errors of every route."""

from collections.abc import Mapping
from typing import ClassVar

from app.problems import Invalid, TooLarge, TooManyRequests


def polygon_too_complex() -> Invalid:
    """Give the error of a polygon whose communes cannot be told in a fair time."""
    return Invalid.at(
        "body", "geometry", message="Ce polygone est trop complexe : simplifiez son contour."
    )


def file_too_large(limit_bytes: int) -> TooLarge:
    """Give the error of an uploaded file beyond the limit."""
    return TooLarge(f"Le fichier dépasse {limit_bytes // 2**20} Mo.")


def unusable_file(message: str) -> Invalid:
    """Give the error of an uploaded file that cannot be used; `message` says why in French."""
    return Invalid.at("body", "file", message=message)


def file_too_long(name: str) -> Invalid:
    """Give the error of a file whose reading was given up: too slow, too large once open."""
    return unusable_file(
        f"« {name} » n'a pas pu être lu : il est trop complexe ou endommagé. Simplifiez-le, "
        "ou envoyez la liste des communes."
    )


class TooManyFiles(TooManyRequests):
    """More files wait to be read than this worker takes."""

    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "5"}

    def __init__(self) -> None:
        super().__init__("Trop de fichiers sont en cours de lecture : réessayez dans 5 s.")
