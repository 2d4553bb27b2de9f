"""A few CPTS with sheets, actions and contacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from sqlalchemy import Engine

Register = Callable[..., int]
WriteSheet = Callable[..., None]
Action = tuple[str, str, str]


@pytest.fixture
def write_sheet(engine: Engine) -> WriteSheet:
    """Write a sheet: `write_sheet(cpts_id, "…", actions=[("diabete", "realise", "…")])`."""
    from sqlalchemy import text

    def write(
        cpts_id: int,
        presentation: str = "",
        *,
        members_count: int | None = None,
        confirmed_on: str | None = None,
        actions: tuple[Action, ...] = (),
        contacts: tuple[dict[str, Any], ...] = (),
    ) -> None:
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO cpts_sheet"
                    " (cpts_id, presentation, members_count, confirmed_on)"
                    " VALUES (:id, :told, :members, CAST(:day AS date))"
                ),
                {
                    "id": cpts_id,
                    "told": presentation,
                    "members": members_count,
                    "day": confirmed_on,
                },
            )
            for theme, state, told in actions:
                connection.execute(
                    text(
                        "INSERT INTO cpts_action"
                        " (cpts_id, theme_slug, state, year, text, links)"
                        " VALUES (:id, :theme, :state, 2024, :told, :links)"
                    ),
                    {
                        "id": cpts_id,
                        "theme": theme,
                        "state": state,
                        "told": told,
                        "links": ["https://exemple.example/document"],
                    },
                )
            for contact in contacts:
                connection.execute(
                    text(
                        "INSERT INTO cpts_contact"
                        " (cpts_id, role, name, email, phone, kept_until)"
                        " VALUES (:id, :role, :name, :email, :phone,"
                        " CAST(now() + interval '1 year' AS date))"
                    ),
                    {
                        "id": cpts_id,
                        "role": "Coordination",
                        "email": None,
                        "phone": None,
                        **contact,
                    },
                )

    return write


@pytest.fixture
def north(register: Register, write_sheet: WriteSheet) -> dict[str, int]:
    """Three CPTS around Lille and one of Nice, with what they told; ids by name."""
    ids = {
        name: register(name, stage, communes, **more)
        for name, stage, communes, more in (
            ("CPTS de Lille", "aci_signe", ("59350",), {"themes": ["diabete", "vaccination"]}),
            ("CPTS du Mélantois", "aci_signe", ("59378",), {"themes": ["diabete"]}),
            ("CPTS de Roubaix", "association_creee", ("59512",), {"themes": ["chutes"]}),
            ("CPTS de Nice", "aci_signe", ("06088",), {}),
        )
    }
    write_sheet(
        ids["CPTS de Lille"],
        "Équipe de coordination ville-hôpital",
        members_count=120,
        confirmed_on="2026-06-01",
        actions=(
            ("diabete", "realise", "Dépistages dans les pharmacies"),
            ("insuffisance_cardiaque", "en_cours", "Télésurveillance à domicile"),
        ),
        contacts=(
            {
                "name": "Camille Exemple",
                "email": "camille@lille.example",
                "phone": "0320000001",
            },
        ),
    )
    write_sheet(
        ids["CPTS du Mélantois"],
        members_count=40,
        confirmed_on="2026-05-01",
        actions=(("diabete", "en_projet", "Éducation thérapeutique"),),
        contacts=({"name": "Dominique Modèle", "email": "dominique@melantois.example"},),
    )
    return ids
