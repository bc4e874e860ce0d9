"""The main courante tells what happened, in order, in both languages."""

from __future__ import annotations

from reprise_pra.analysis import say
from reprise_pra.analysis.judge import judge
from reprise_pra.analysis.results import Results, Text
from reprise_pra.analysis.testing import Script
from reprise_pra.analysis.testing_drills import nominal_drill
from reprise_pra.history import Kind


def _french(results: Results) -> list[str]:
    return [entry.text.fr for entry in results.chronology]


def test_a_drill_is_told_in_order() -> None:
    """Every entry has its instant, its actor, and a sentence in each language."""
    entries = judge(nominal_drill().run()).chronology
    assert [entry.at_s for entry in entries] == sorted(entry.at_s for entry in entries)
    assert all(entry.utc and entry.actor for entry in entries)
    assert all(entry.text.fr and entry.text.en for entry in entries)
    told = [entry.text.fr for entry in entries]
    for expected in (
        "Phase : régime établi",
        "Injection : perte du site principal (a1, b1, c1)",
        "Alerte FrontDoorDown déclenchée",
        "Décision : activate the PRA",
        "Sauvegarde b2 valable",
        "Restauration r1 depuis b2",
        "Bascule vers le site de secours",
    ):
        assert expected in told
    assert any(text.startswith("t7, service rétabli") for text in told)


def test_observers_sign_what_they_saw() -> None:
    """A sighting is told by the observer, an injection by the injector."""
    entries = judge(nominal_drill().run()).chronology
    actors = {entry.text.en: entry.actor for entry in entries}
    assert actors["Injected: primary site lost (a1, b1, c1)"] == "nemesis"
    assert (
        actors["Seen to take: primary site lost"] == "kubernetes, read-only credential"
    )


def test_failures_are_told() -> None:
    """A failed phase, a failed restore, a backup without value and a switch cut short."""
    script = Script()
    script.phase("restore", 1, 2, Kind.FAIL)
    script.change(lambda event: event.kind is Kind.FAIL, reason="no space")
    script.pair(
        "drill",
        "restore",
        {"name": "r", "backup": "b", "wave": "w"},
        start_s=3,
        end_s=4,
        kind=Kind.FAIL,
    )
    script.pair("drill", "switch", {"to": "recovery"}, start_s=5, end_s=None)
    script.backup("b", snapshot_s=1, completed_s=6, phase="Failed")
    script.check("residue", 7, holds=False).check("continuity_node-loss", 8)
    told = _french(judge(script.run()))
    assert "Phase en échec : restauration (no space)" in told
    assert "Restauration r en échec" in told
    assert "Bascule vers le site de secours non aboutie" in told
    assert "Sauvegarde b sans valeur : phase Failed" in told
    assert "Contrôle residue : démenti (detail of residue)" not in told
    assert "Contrôle site remis en état : démenti (detail of residue)" in told
    assert "Contrôle continuité de service, node-loss : constaté" in told


def test_details_may_be_told_in_both_languages() -> None:
    """A detail with `fr` and `en` is told in each; one in a single language is left out."""
    script = Script().mark("t6", 1, "in English alone")
    (entry,) = judge(script.run()).chronology
    assert entry.text.fr == "t6, reprise technique"
    script.change(
        lambda event: event.op_id == "t6",
        detail={"fr": "OpenMRS est prêt", "en": "OpenMRS is ready"},
    )
    (entry,) = judge(script.run()).chronology
    assert entry.text == Text(
        fr="t6, reprise technique : OpenMRS est prêt",
        en="t6, technically up: OpenMRS is ready",
    )


def test_numbers_are_written_as_people_read_them() -> None:
    """French groups by narrow spaces and has a decimal comma; English has neither."""
    assert say.seconds(1234.5) == Text(fr="1\u202f234,5\u00a0s", en="1,234.5\u00a0s")
    assert say.seconds(900).fr == "900\u00a0s"
    assert say.seconds(0.0012).en == "0.001\u00a0s"
    assert say.percent(0.98765) == Text(fr="98,77\u00a0%", en="98.77%")
    assert say.milliseconds(12.4).fr == "12\u00a0ms"
    both = say.join([Text(fr="a", en="b"), Text(fr="c", en="d")])
    assert both == Text(fr="a\u00a0; c", en="b; d")
