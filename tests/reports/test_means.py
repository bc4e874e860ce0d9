"""The report says by which way each capability was used, and how long that took."""

from __future__ import annotations

import dataclasses

import pytest

from reprise_pra.analysis.results import ActSeen, Results
from reprise_reports.compose import compose
from reprise_reports.document import Document, Paragraph, Table
from reprise_reports.voice import Language

_LANGUAGES: tuple[Language, ...] = (Language.FR, Language.EN)


def _act(capability: str, way: str, of: str = "") -> ActSeen:
    return ActSeen(
        capability=capability, way=way, of=of, start_s=412.4, seconds=93.5, is_done=True
    )


def _rows(document: Document) -> list[str]:
    (section,) = (each for each in document.sections if each.key == "means")
    return [
        " | ".join(cell.text for cell in row)
        for block in section.blocks
        if isinstance(block, Table)
        for row in block.rows
    ]


@pytest.mark.parametrize("language", _LANGUAGES)
def test_each_act_is_printed_with_its_way(met: Results, language: Language) -> None:
    """A person, a command and the API are told apart, each with its time and outcome."""
    unended = dataclasses.replace(_act("switch", "command"), seconds=None, is_done=None)
    acts = (
        _act("power_off_primary", "manual"),
        _act("power_off", "kubernetes", "a1"),
        unended,
    )
    rows = _rows(compose(dataclasses.replace(met, acts=acts), language))
    words = {
        Language.FR: (
            "par une personne",
            "approché",
            "commande",
            "1 min 34 s",
            "inconnue",
        ),
        Language.EN: (
            "by a person",
            "approximated",
            "command",
            "1 min 34 s",
            "unknown",
        ),
    }[language]
    person, api, command = (row.replace("\u00a0", " ") for row in rows)
    assert words[0] in person
    assert words[3] in person
    assert words[1] in api
    assert "a1" in api
    assert words[2] in command
    assert words[4] in command


@pytest.mark.parametrize("language", _LANGUAGES)
def test_an_approximation_is_a_limit(met: Results, language: Language) -> None:
    """A node whose machine ran on does not pass for one that lost its power."""
    acts = (_act("power_off", "kubernetes", "a1"),)
    word = "approchée" if language is Language.FR else "approximated"

    def limits(results: Results) -> str:
        document = compose(results, language)
        (section,) = (each for each in document.sections if each.key == "limits")
        return str(section.blocks)

    assert word in limits(dataclasses.replace(met, acts=acts))
    assert word not in limits(met)


@pytest.mark.parametrize("language", _LANGUAGES)
def test_a_model_site_says_that_it_did_all_itself(
    met: Results, language: Language
) -> None:
    """Where nobody was asked, the report says so in a sentence, without a table."""
    document = compose(met, language)
    (section,) = (each for each in document.sections if each.key == "means")
    (block,) = section.blocks
    assert isinstance(block, Paragraph)
