from app.files.given_names import shown_name


def test_a_name_is_shown_without_its_folders_or_controls() -> None:
    assert shown_name("../../etc/passwd") == "passwd"
    assert shown_name("C:\\dossiers\\liste.csv") == "liste.csv"
    assert shown_name("a\x00b\u202e\nc.csv") == "abc.csv"
    assert shown_name(None) == shown_name("") == "fichier"
    assert len(shown_name("x" * 5000)) == 100
