"""The site's pages in one router; each group adds its line."""

from fastapi import APIRouter

from app.web.accounts.links.endpoints import router as account_links
from app.web.accounts.own.endpoints import router as own_account
from app.web.accounts.people.endpoints import router as people
from app.web.accounts.provider.endpoints import router as provider
from app.web.accounts.second_factor.endpoints import router as second_factor
from app.web.accounts.signing_in.endpoints import router as signing_in
from app.web.addresses.endpoints import router as addresses
from app.web.administration.completeness.endpoints import router as completeness
from app.web.administration.cpts.endpoints import router as administered_cpts
from app.web.administration.geography.endpoints import router as geography
from app.web.administration.home.endpoints import router as administration
from app.web.administration.imports.endpoints import router as imports
from app.web.administration.institutions.endpoints import router as institutions
from app.web.administration.journal.endpoints import router as journal
from app.web.administration.quarters.endpoints import router as quarters
from app.web.administration.reports.endpoints import router as reports
from app.web.administration.upkeep.endpoints import router as upkeep
from app.web.agents.endpoints import router as agents
from app.web.atlas.endpoints import router as atlas
from app.web.directory.editing.endpoints import router as sheet_editing
from app.web.directory.endpoints import router as directory
from app.web.directory.exchange.endpoints import router as sheet_exchange
from app.web.directory.searches.endpoints import router as searches
from app.web.embedding.endpoints import router as embedding
from app.web.figures.endpoints import router as figures
from app.web.information.endpoints import router as information
from app.web.letters.attachments.endpoints import router as attachments
from app.web.letters.builder.endpoints import router as builder
from app.web.letters.deposit.endpoints import router as deposit
from app.web.letters.notes.endpoints import router as notes
from app.web.letters.record.endpoints import router as agent
from app.web.opendata.endpoints import router as opendata
from app.web.report.endpoints import router as report
from app.web.sheets.endpoints import router as sheets
from app.web.statistics.endpoints import router as statistics
from app.web.territories.endpoints import router as territories

router = APIRouter(include_in_schema=False)

for group in (
    addresses,
    territories,
    sheets,
    statistics,
    figures,
    atlas,
    report,
    searches,
    directory,
    signing_in,
    account_links,
    own_account,
    people,
    sheet_editing,
    sheet_exchange,
    quarters,
    second_factor,
    provider,
    builder,
    notes,
    opendata,
    embedding,
    information,
    agents,
    attachments,
    deposit,
    agent,
    administration,
    administered_cpts,
    reports,
    completeness,
    institutions,
    journal,
    upkeep,
    imports,
    geography,
):
    router.include_router(group)
