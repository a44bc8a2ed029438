"""Texts: complete in four languages, or the house does not start."""

import re
from collections import Counter
from importlib import resources

import pytest

from floodcore.texts import Texts, TextsError, build
from floodcore.words import Degree, Freshness, Language, Quantity, Trend


def test_every_word_of_the_floor_has_a_text(texts: Texts) -> None:
    keys = [f"degree.{d.value}" for d in Degree] + [f"trend.{t}" for t in Trend]
    keys += [f"freshness.{f}" for f in Freshness] + [f"quantity.{q}" for q in Quantity]
    for language in Language:
        assert all(texts.say(language, key) for key in keys)


def test_spa_is_never_called_alarmstufe(texts: Texts) -> None:
    """Hard rule of the glossary: three Czech degrees and four Saxon stages do not map one to one."""
    for key in texts.known:
        said = texts.say(Language.DE, key)
        if "SPA" in said:
            assert "Alarmstufe 1" not in said
            assert "= Alarmstufe" not in said


def test_a_missing_key_or_place_is_a_fault() -> None:
    full = {language: {"a": "{x}"} for language in Language}
    build(full)
    with pytest.raises(TextsError, match="pl: a is missing"):
        build(full | {Language.PL: {}})
    with pytest.raises(TextsError, match="differ in their places"):
        build(full | {Language.PL: {"a": "{y}"}})


@pytest.mark.parametrize("language", Language)
def test_no_text_stands_in_two_catalogues(language: Language) -> None:
    """The loader would take either, as the folder happens to be listed."""
    folder = resources.files("floodcore.texts") / "locale" / language / "LC_MESSAGES"
    texts = [file.read_text("utf-8") for file in folder.iterdir()]
    keys = [key for text in texts for key in re.findall(r'^msgid "(.+)"$', text, re.MULTILINE)]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
