"""What can go wrong with a letter, besides the errors of every route."""

from app.problems import Invalid, TooLarge


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


def file_too_complex(name: str) -> Invalid:
    """Give the error of a file that took more time or memory than one file may."""
    return unusable_file(
        f"« {name} » est trop complexe : simplifiez-le, ou envoyez la liste des communes."
    )
