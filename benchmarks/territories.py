"""Letters to ask about, and registries of any size to ask in."""

import random
from collections import deque
from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import Engine, text

# The table of CPTS refers to that of tokens.
import app.accounts.models  # noqa: F401
from app.cpts.claims.repository import insert_claims
from app.cpts.writing.repository import insert_cpts, put_stages
from app.cpts.writing.rules import StageRecord
from app.database.sessions import session_scope
from app.http.repository import lock_registry

_SINCE = date(2020, 1, 1)
_AT_ONCE = 5_000


def draw_letters(
    neighbours: Mapping[str, Collection[str]], size: int, count: int
) -> list[list[str]]:
    """Draw territories of `size` communes in one piece, spread over the country.

    Parameters: `neighbours`, of each commune code. The same input gives the same
    letters. Raises `ValueError` when there are not `count` places large enough.
    """
    codes = sorted(neighbours)
    letters: list[list[str]] = []
    step = max(1, len(codes) // (count * 2))
    for seed in codes[step // 2 :: step]:
        grown = _grown(seed, neighbours, size)
        if len(grown) == size:
            letters.append(grown)
        if len(letters) == count:
            return letters
    raise ValueError(f"{len(letters)} territories of {size} communes, not {count}")


def _grown(seed: str, neighbours: Mapping[str, Collection[str]], size: int) -> list[str]:
    found = {seed: None}
    waiting = deque([seed])
    while waiting and len(found) < size:
        for beside in sorted(neighbours[waiting.popleft()]):
            if beside not in found and len(found) < size:
                found[beside] = None
                waiting.append(beside)
    return sorted(found)


def fill_registry(engine: Engine, count: int) -> None:
    """Put `count` CPTS of one commune each in place of all that the registry holds."""
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE cpts RESTART IDENTITY CASCADE"))
    with session_scope(engine) as session:
        lock_registry(session)
        codes = list(session.scalars(text("SELECT code FROM commune ORDER BY code")))
        chosen = random.Random(20).sample(codes, count)
        for start in range(0, count, _AT_ONCE):
            part = chosen[start : start + _AT_ONCE]
            ids = insert_cpts(
                session,
                [{"name": f"Mesure {code}", "started_on": _SINCE} for code in part],
            )
            stage = StageRecord("aci_signe", _SINCE, _SINCE)
            put_stages(session, [(number, stage) for number in ids])
            insert_claims(
                session, [(n, code, _SINCE) for n, code in zip(ids, part, strict=True)]
            )
