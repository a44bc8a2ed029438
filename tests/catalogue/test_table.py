"""The table of faults is complete and says what the tests say."""

from tests.catalogue.table import CATALOGUE, DOC, rows, text


def test_every_fault_of_the_catalogue_has_a_test() -> None:
    assert {row.number for row in rows()} - {0} == set(CATALOGUE) == set(range(39, 71))


def test_the_document_is_that_of_the_tests() -> None:
    assert DOC.read_text("utf-8") == text(), "python -m tests.catalogue.table"
