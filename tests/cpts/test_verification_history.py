"""The history replayed: plain rules."""

from app.cpts.verification.history import Entry, history_drift

BORN = Entry(1, 1, None, {"name": "A", "claims": []})


def test_a_history_that_leads_to_what_there_is_has_no_drift() -> None:
    renamed = Entry(1, 2, {"name": "A"}, {"name": "B"})
    assert list(history_drift([BORN, renamed], {1: {"name": "B", "claims": []}})) == []


def test_an_entry_that_does_not_begin_where_the_last_ended_is_named() -> None:
    astray = Entry(1, 2, {"name": "X"}, {"name": "B"})
    [(cpts, told)] = history_drift([BORN, astray], {1: {"name": "B", "claims": []}})
    assert cpts == 1
    assert "l'entrée 2 de l'historique ne suit pas la précédente (name)" in told


def test_a_second_beginning_is_named() -> None:
    again = Entry(1, 2, None, {"name": "A", "claims": []})
    [(_, told)] = history_drift([BORN, again], {1: {"name": "A", "claims": []}})
    assert "création" in told


def test_entries_of_before_the_chain_need_not_follow_but_still_count() -> None:
    early = Entry(1, 2, {"name": "X"}, {"name": "B"}, chained=False)
    assert list(history_drift([BORN, early], {1: {"name": "B", "claims": []}})) == []


def test_each_member_that_is_otherwise_or_untold_is_named() -> None:
    found = list(history_drift([BORN], {1: {"name": "B", "claims": [], "email": None}, 2: {}}))
    assert found == [
        (1, "« name » n'est pas ce que dit l'historique"),
        (1, "l'historique ne dit rien de « email »"),
        (2, "absente de l'historique"),
    ]


def test_a_cpts_that_is_gone_has_nothing_to_follow() -> None:
    assert list(history_drift([BORN], {})) == []
