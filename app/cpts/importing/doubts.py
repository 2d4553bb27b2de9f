"""What a listing leaves open: two CPTS of one name, one commune of two CPTS."""

from app.cpts.importing import repository
from app.cpts.importing.material import Material
from app.cpts.importing.rules import Decision, Obstacle, Outcome
from app.database.sessions import ReadingSession
from app.geography.contiguity import parts


def tell_homonyms_apart(session: ReadingSession, material: Material) -> None:
    """Keep out a name whose communes lie in departments that do not touch: two CPTS."""
    by_cpts = {
        cpts.position: {
            commune.department
            for row in cpts.rows
            for commune in material.readings[row].communes
        }
        for cpts in material.listed
    }
    if not any(len(departments) > 1 for departments in by_cpts.values()):
        return
    touching = repository.touching_departments(session)
    for cpts in material.listed:
        if cpts.published is not None:
            continue
        groups = parts(by_cpts[cpts.position], touching)
        if len(groups) > 1:
            told = " ; ".join(", ".join(sorted(group)) for group in groups)
            cpts.blame(
                Outcome.AMBIGUOUS,
                f"communes de départements qui ne se touchent pas ({told}) : deux CPTS du même "
                "nom ? Une colonne FINESS les distinguerait",
            )


def with_shared(material: Material, decision: Decision) -> Decision:
    """Add the claims that one row makes for several CPTS: refused to each of them.

    Notes in `material.shared` the rows whose CPTS are all in the file.
    """
    listed = {cpts.key: cpts for cpts in material.listed}
    contested = {position: dict(found) for position, found in decision.contested.items()}
    for row, entry in enumerate(material.entries):
        sharing = [
            listed[key] for name in entry.shared if (key := material.keys[name]) in listed
        ]
        if not sharing or len(sharing) < len(entry.shared):
            continue
        material.shared[row] = sharing
        for cpts in sharing:
            other = next((one for one in sharing if one is not cpts), cpts)
            holder = Obstacle(other.name, other.stage or "", other.position)
            for commune in material.readings[row].communes:
                contested.setdefault(cpts.position, {}).setdefault(commune.code, holder)
    return Decision(decision.granted, contested)
