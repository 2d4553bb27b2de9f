"""The site's pages in one router; each group adds its line."""

from fastapi import APIRouter

from app.web.letters.builder.endpoints import router as builder
from app.web.opendata.endpoints import router as opendata
from app.web.sheets.endpoints import router as sheets
from app.web.signing_in.endpoints import router as signing_in
from app.web.territories.endpoints import router as territories

router = APIRouter(include_in_schema=False)

for group in (territories, sheets, signing_in, builder, opendata):
    router.include_router(group)
