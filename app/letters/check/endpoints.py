"""Routes of letters of intent."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Body, Depends, File, Form, Request, Response, UploadFile
from pydantic import BeforeValidator

from app.accounts.dependencies import OptionalCaller
from app.accounts.rules import Caller
from app.cpts.writing.schemas import Day, Name
from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.http.address_limit import client_network, limited
from app.http.departure import while_client_waits
from app.http.parameters import separated
from app.letters.check import service
from app.letters.check.file_reading import LARGEST_FILE_BYTES, FileContent, FileReader
from app.letters.check.schemas import (
    CONTEXT_DESCRIPTION,
    MEMBERS_DESCRIPTION,
    MOST_CONTEXT_DEPARTMENTS,
    ContextDepartment,
    LetterCheck,
    LetterQuestion,
    Members,
    SentCptsId,
)
from app.letters.record.rules import sees_names

router = APIRouter(prefix="/api/v1/letters", tags=["Lettres d'intention"])

# Addresses that read a form with a file, and the largest body: the file, and what stands
# around it in a form.
UPLOADS = {f"{router.prefix}/check/file": LARGEST_FILE_BYTES + 64 * 1024}


@router.post(
    "/check",
    summary="Vérifier le territoire d'une lettre d'intention",
    description="Le territoire est-il libre, qui tient quoi, que reste-t-il ? "
    "Rien n'est écrit. Ouvert à tous, dans la limite d'un nombre par minute et par adresse.",
    response_model=LetterCheck,
    dependencies=[limited("check")],
)
def check_letter(
    question: Annotated[LetterQuestion, Body()], session: ReadSession, caller: OptionalCaller
) -> Response:
    """Tell whether the territory is free, who holds what, and what is left. Writes nothing."""
    return _answered(session, service.Question.of(question), caller)


async def _read_file(
    request: Request,
    file: Annotated[
        UploadFile,
        File(
            description="Liste de communes (CSV, XLSX, texte) ou polygones (GeoJSON, "
            "GeoPackage, KML, Shapefile zippé, tout système de coordonnées). 10 Mo au plus."
        ),
    ],
    crs: Annotated[
        str | None,
        Form(
            max_length=20,
            description="Système de coordonnées des polygones, si le fichier ne le dit pas : "
            "`EPSG:2154`.",
        ),
    ] = None,
) -> FileContent:
    reader: FileReader = request.app.state.file_reader
    return await while_client_waits(
        request, lambda: reader.read(file, address=client_network(request), crs=crs)
    )


@router.post(
    "/check/file",
    summary="Vérifier le territoire que donne un fichier",
    description="La même vérification, sur une liste ou un fichier de polygones. Le fichier "
    "n'est pas conservé.",
    response_model=LetterCheck,
    dependencies=[limited("file_check")],
)
def check_letter_file(
    *,
    # Read before a database session is opened.
    asked: Annotated[FileContent, Depends(_read_file)],
    session: ReadSession,
    caller: OptionalCaller,
    name: Annotated[Name | None, Form(description="Nom du projet, rappelé tel quel.")] = None,
    exclude_cpts: Annotated[
        SentCptsId | None, Form(description="CPTS dont le territoire serait ainsi modifié.")
    ] = None,
    effective_on: Annotated[
        Day | None, Form(description="Jour d'effet ; aujourd'hui par défaut.")
    ] = None,
    members: Annotated[Members | None, Form(description=MEMBERS_DESCRIPTION)] = None,
    departments: Annotated[
        list[ContextDepartment],
        BeforeValidator(separated),
        Form(max_length=MOST_CONTEXT_DEPARTMENTS, description=CONTEXT_DESCRIPTION),
    ] = [],  # noqa: B006  (FastAPI copies defaults)
) -> Response:
    """Tell the same of a territory that a file names or draws. Writes nothing."""
    question = service.Question(
        given=asked.given,
        surface=asked.surface,
        name=name,
        exclude_cpts=exclude_cpts,
        effective_on=effective_on,
        members=members,
        departments=departments,
    )
    return _answered(session, question, caller)


def _answered(
    session: ReadingSession, question: service.Question, caller: Caller | None
) -> Response:
    answer = service.check_letter(session, replace(question, names_letters=sees_names(caller)))
    return Response(
        answer.model_dump_json(),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
