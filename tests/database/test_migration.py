"""What the program knows of its migrations."""

from alembic.script import ScriptDirectory

from app.database.migration import SCRIPTS, newest_revision


def test_the_last_file_is_the_revision_that_all_others_lead_to() -> None:
    scripts = ScriptDirectory(str(SCRIPTS))
    assert newest_revision() == scripts.get_current_head()
    names = {script.path: script.revision for script in scripts.walk_revisions()}
    assert len(names) >= 9
    for path, revision in names.items():
        assert path.rpartition("/")[2].partition("_")[0] == revision
