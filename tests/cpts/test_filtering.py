"""A filter that is declared is there everywhere: one is declared here."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from pydantic import BeforeValidator
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.cpts.models import Cpts
from app.cpts.reading.filtering import Filter, Filters, Offer, requested
from app.cpts.reading.filters import BBOX, FILTERS, OFFERED, REGION, SEARCH, STAGE, TIER
from app.cpts.reading.repository import matching
from app.cpts.reading.rules import suitable_detail
from app.cpts.reading.service import accepted_values, check_filters
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.http.parameters import Bbox, known_parameters, separated
from app.http.problem_answers import install_problem_handlers
from app.http.questions import Questions
from app.maps.rules import follows_data, heading, names_a_place
from app.web.embedding.rules import map_address, source_address
from app.web.layout.controls import form_controls

Register = Callable[..., int]
REACHED = {"site": "Par un site", "courriel": "Par courriel"}
WAY: Filter[tuple[str, ...]] = Filter(
    name="joignable",
    label="Joignable",
    type=Annotated[list[str], BeforeValidator(separated)],
    description="Comment joindre la CPTS.",
    example="site",
    empty=(),
    condition=lambda ways, _day: Cpts.website.is_not(None) if "site" in ways else Cpts.id < 0,
    offers=lambda _session, _day: [Offer(way, label) for way, label in REACHED.items()],
    control="several",
    told=lambda ways, labels: ", ".join(labels[way] for way in ways),
)


@pytest.fixture
def small() -> TestClient:
    """An application with one list, which takes the registry's filters and the new one."""
    app = FastAPI(dependencies=[Depends(known_parameters)])
    install_problem_handlers(app, {})
    asked = Annotated[Filters, Depends(requested((*FILTERS, WAY)))]

    @app.get("/list")
    def listed(filters: asked) -> dict[str, Any]:
        check_filters(ReadingSession(), filters)
        return {"asked": filters.pairs(), "limit": filters.limit, "at": filters.at}

    return TestClient(app)


def test_it_is_a_parameter_and_in_the_description(small: TestClient) -> None:
    declared = small.get("/openapi.json").json()["paths"]["/list"]["get"]["parameters"]
    described = {each["name"]: each for each in declared}
    assert set(described) == {
        *(each.name for each in FILTERS),
        "joignable",
        "at",
        "limit",
        "offset",
    }
    assert described["joignable"]["schema"]["type"] == "array"
    assert described["joignable"]["description"].startswith(
        "Comment joindre la CPTS. Répétable"
    )
    assert not any(each["required"] for each in declared)
    told = small.get("/list?joignable=site&joignable=courriel&limit=5&at=2026-01-02").json()
    assert told == {
        "asked": [["joignable", "site"], ["joignable", "courriel"]],
        "limit": 5,
        "at": "2026-01-02",
    }


@pytest.mark.parametrize(
    ("query", "name", "accepted"),
    [
        ("joignable=pigeon", "joignable", ["site", "courriel"]),
        ("joignable=site,", "joignable", ["valeur,valeur…"]),
        ("joignables=site", "joignables", None),
    ],
)
def test_it_refuses_by_its_name_with_what_it_accepts(
    small: TestClient, query: str, name: str, accepted: list[str] | None
) -> None:
    answer = small.get(f"/list?{query}")
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["loc"][:2] == ["query", name]
    assert error["accepted"] == accepted if accepted else "joignable" in error["accepted"]


def test_equal_questions_about_it_have_one_spelling(small: TestClient) -> None:
    spelled = Questions.of(small.app).spelled
    assert spelled("/list", b"joignable=site&joignable=courriel") == spelled(
        "/list", b"joignable=courriel,site"
    )


def test_a_filter_left_empty_asks_for_nothing(small: TestClient) -> None:
    assert small.get("/list?joignable=&q=&region=").json()["asked"] == []


def test_it_is_told_in_headings_and_addresses() -> None:
    filters = Filters({REGION: ("93",), WAY: ("site", "courriel")})
    labels = {"region": {"93": "PACA"}, "joignable": REACHED}
    assert heading(filters, labels) == "CPTS – PACA – Par un site, Par courriel"
    assert map_address(filters) == "/embed/carte?joignable=site,courriel&region=93"
    assert source_address(filters) == "/regions/93?joignable=site,courriel"
    alone = Filters({WAY: ("site",)})
    assert follows_data(alone)
    assert not names_a_place(alone)
    assert suitable_detail(alone) == "national"


def test_forms_offer_it_with_what_is_chosen() -> None:
    (control,) = form_controls(ReadingSession(), [WAY, BBOX], Filters({WAY: ("site",)}))
    assert (control.name, control.label, control.kind) == ("joignable", "Joignable", "several")
    offered = [(option.value, option.label, option.chosen) for option in control.options]
    assert offered == [("site", "Par un site", True), ("courriel", "Par courriel", False)]


def test_the_page_that_embeds_shows_it(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "joignable" not in client.get("/integrer").text
    monkeypatch.setattr("app.web.embedding.service.OFFERED", (*OFFERED, WAY))
    monkeypatch.setattr("app.web.embedding.service.FILTERS", (*FILTERS, WAY))
    # Only what the registry says of itself is kept, and it has not changed.
    page = client.get("/integrer?height=601").text
    assert '<input type="checkbox" name="joignable" value="courriel"> Par courriel' in page
    assert "<code>joignable=site</code>" in page


def test_its_condition_lets_through_beside_those_of_others(
    engine: Engine, client: TestClient, register: Register
) -> None:
    reached = register("CPTS A", "aci_signe", ("59350",), website="https://a.example")
    other = register("CPTS B", "aci_signe", ("59009",))
    away = register("CPTS C", "aci_signe", ("05061",), website="https://c.example")
    with ReadingSession(engine) as session:

        def found(asked: dict[Filter[Any], Any], day: date | None = None) -> list[int]:
            return matching(session, Filters(asked), day or today())

        assert found({}) == [reached, other, away]
        assert found({WAY: ("site",)}) == [reached, away]
        assert found({WAY: ("site",), REGION: ("32",)}) == [reached]
        assert found({WAY: ("courriel",)}) == []
        assert found({}, date(1990, 1, 1)) == []


def test_every_filter_of_the_registry_reads_again_what_it_writes() -> None:
    values: dict[Filter[Any], Any] = {
        REGION: ("32", "93"),
        STAGE: ("aci_signe",),
        TIER: ("2",),
        SEARCH: "haute prov",
        BBOX: Bbox(5.9, 43.9, 7.1, 45.2),
    }
    app = FastAPI()
    seen: list[Filters] = []

    @app.get("/")
    def read(filters: Annotated[Filters, Depends(requested(FILTERS))]) -> None:
        seen.append(filters)

    asked = Filters(values)
    for pairs in (asked.pairs(), asked.short_pairs()):
        assert TestClient(app).get("/", params=pairs).status_code == 200  # type: ignore[arg-type]
        assert seen.pop().asked == values


def test_values_of_a_list_are_what_its_reference_list_holds(
    engine: Engine, client: TestClient
) -> None:
    with ReadingSession(engine) as session:
        accepted = accepted_values(session)
    assert set(accepted) == {"region", "department", "stage", "tier", "theme"}
    for name, path, key in [
        ("region", "regions", "code"),
        ("department", "departments", "code"),
        ("stage", "stages", "slug"),
        ("theme", "themes", "slug"),
        ("tier", "tiers", "tier"),
    ]:
        items = client.get(f"/api/v1/{path}").json()["items"]
        assert sorted(accepted[name]) == sorted(item[key] for item in items)
        assert len(items) > 3
