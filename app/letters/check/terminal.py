"""The answer of `./cpts check-letter` as it is read on a terminal."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.french import euros, measure, number, short_date
from app.letters.check.rules import Severity, Verdict, unknown_territory
from app.letters.check.schemas import Conflict, LetterCheck, UnresolvedInput

_SAID = {
    Verdict.CLEAR: "[bold green]LIBRE[/] : aucune commune n'est déjà rattachée à une CPTS.",
    Verdict.CONTESTED: "[bold yellow]DISPUTÉ[/] : un autre projet est connu sur ce territoire.",
    Verdict.INCOMPLETE: "[bold yellow]INCOMPLET[/] : la liste ne se lit pas entièrement.",
    Verdict.BLOCKED: "[bold red]BLOQUÉ[/] : des communes sont tenues par une CPTS reconnue.",
}
_SAID_UNKNOWN = "[bold yellow]LIBRE SELON LE REGISTRE[/], qui n'est pas complet ici."
_SEVERITY = {Severity.BLOCKING: "bloquant", Severity.CONTESTED: "disputé"}


def show(answer: LetterCheck) -> None:
    """Write what a check found to standard output."""
    console = Console(highlight=False)
    if answer.name:
        console.print(f"[bold]{escape(answer.name)}[/]")
    if answer.incomplete_departments and answer.verdict is Verdict.CLEAR:
        console.print(_SAID_UNKNOWN)
    else:
        console.print(_SAID[answer.verdict])
    if answer.incomplete_departments:
        console.print(unknown_territory(answer.incomplete_departments))
    _show_territory(answer, console)
    if answer.conflicts:
        console.print(_conflicts(answer.conflicts))
    if answer.unresolved:
        console.print(_unresolved(answer.unresolved))
        _show_offer(answer.unresolved, console)
    notes = [commune for commune in answer.territory.communes if commune.note]
    for commune in notes:
        console.print(
            f"« {escape(commune.given)} » : {escape(commune.name)} ({commune.code}). "
            f"{escape(commune.note or '')}"
        )
    for enclave in answer.enclaves:
        names = ", ".join(f"{c.name} ({c.code})" for c in enclave.communes)
        console.print(
            f"Enclave laissée libre, {_inhabitants(enclave.population)} : {escape(names)}."
        )
    for beside in answer.neighbours:
        console.print(
            f"Voisine : {escape(beside.cpts.name)} (n° {beside.cpts.id}), "
            f"{measure(beside.shared_border_km)} km de frontière commune."
        )
    console.print(
        f"[dim]Registre n° {answer.registry_revision}, "
        f"vérifié le {short_date(answer.checked_at)} à {answer.checked_at:%H:%M}, "
        f"pour effet le {short_date(answer.effective_on)}.[/]"
    )


def _show_territory(answer: LetterCheck, console: Console) -> None:
    territory, free = answer.territory, answer.free_territory
    size = f", taille {territory.tier}" if territory.tier else ""
    pieces = f", {territory.parts} morceaux" if territory.parts > 1 else ""
    year = f" (population {territory.population_year})" if territory.population_year else ""
    console.print(
        f"Territoire : {len(territory.communes)} commune(s), "
        f"{_inhabitants(territory.population)}{year}{size}{pieces} ; "
        f"département(s) {', '.join(territory.departments) or 'aucun'}."
    )
    if answer.conflicts:
        size = f", taille {free.tier}" if free.tier else ""
        console.print(
            f"Sans les communes en conflit : {len(free.communes)} commune(s), "
            f"{_inhabitants(free.population)}{size}."
        )
    if answer.funding:
        year_1 = answer.funding.year_1
        console.print(
            f"Financement ACI, première année : {euros(year_1.without_optional)} "
            f"({euros(year_1.with_optional)} avec les missions facultatives)."
        )


def _conflicts(conflicts: list[Conflict]) -> Table:
    table = Table(title="Communes déjà rattachées", title_justify="left")
    table.add_column("Code", no_wrap=True)
    table.add_column("Commune")
    table.add_column("Habitants", justify="right", no_wrap=True)
    table.add_column("CPTS")
    table.add_column("Effet", no_wrap=True)
    table.add_column("Depuis", no_wrap=True)
    for conflict in conflicts:
        cpts = conflict.cpts
        fictitious = ", démo" if cpts.demonstration else ""
        held = short_date(conflict.held_from)
        if conflict.held_until:
            held += f"\n(libre le {short_date(conflict.held_until)})"
        table.add_row(
            conflict.commune.code,
            escape(conflict.commune.name),
            number(conflict.commune.population),
            escape(f"{cpts.name} (n° {cpts.id}{fictitious})"),
            _SEVERITY[conflict.severity],
            held,
        )
    return table


def _unresolved(unresolved: list[UnresolvedInput]) -> Table:
    table = Table(title="Ce qui reste à préciser", title_justify="left")
    for heading in ("Donné", "Motif", "Peut-être"):
        table.add_column(heading)
    for entry in unresolved:
        table.add_row(
            escape(entry.given),
            "inconnue" if entry.reason == "unknown" else "plusieurs communes",
            escape(_perhaps(entry)),
        )
    return table


def _show_offer(unresolved: list[UnresolvedInput], console: Console) -> None:
    """Say how to settle at once all that the rest of the list points to."""
    pointed = sorted({c.department for entry in unresolved for c in entry.suggested})
    if pointed:
        console.print(
            "Pour retenir partout les communes de ces départements : "
            f"--department {','.join(pointed)}"
        )


def _perhaps(entry: UnresolvedInput) -> str:
    named = ", ".join(f"{c.name} ({c.department}, {c.code})" for c in entry.candidates)
    return "\n".join(part for part in (named, entry.note) if part)


def _inhabitants(population: int) -> str:
    return f"{number(population)} habitant(s)"
