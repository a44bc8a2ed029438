"""Texts: complete in four languages, or the house does not start."""

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
