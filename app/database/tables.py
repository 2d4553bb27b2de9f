"""The tables of every noun, made known together.

A mapper refers to the tables of other nouns, and SQLAlchemy sorts all of them when it
writes: whoever writes with some of the models loaded, and not all, fails by chance.
"""

import importlib
from functools import cache
from pathlib import Path

_APPLICATION = Path(__file__).parents[1]


@cache
def register_tables() -> None:
    """Import every `models` module of the application; nothing when it is done already.

    They are found by their file name, so that none can be forgotten, and by name rather
    than by an import, because the nouns stand above this module.
    """
    for path in sorted(_APPLICATION.rglob("models.py")):
        parts = path.relative_to(_APPLICATION).with_suffix("").parts
        importlib.import_module(".".join((_APPLICATION.name, *parts)))
