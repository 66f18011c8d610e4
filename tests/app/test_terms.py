"""Numbers in plain words: the explanation of a likelihood, and the terms with their direction."""

import pytest

from tfgen.app.about import against_baseline
from tfgen.app.terms import TERMS, explained
from tfgen.runs.entries import LikelihoodEntry


def entry(bits, baseline) -> LikelihoodEntry:
    return LikelihoodEntry(
        split="test", estimator="ELBO", samples=1, bits_per_dim=bits, pixel_marginal_bits_per_dim=baseline
    )


@pytest.mark.parametrize(
    ("bits", "baseline", "words"),
    [
        (0.5, 1.2, ", 2.4 times fewer than guessing each pixel by itself (lower is better)"),
        (1.0, 1.0, ", about as many as guessing each pixel by itself (lower is better)"),
        (3.0, 1.5, ", 2.0 times more than guessing each pixel by itself (lower is better)"),
        (1.0, None, " (lower is better)"),
        (-0.5, 1.0, " (lower is better)"),
    ],
)
def test_a_likelihood_is_compared_with_guessing_each_pixel_by_itself(bits, baseline, words):
    assert against_baseline(entry(bits, baseline)) == words


def test_every_term_is_one_sentence_in_the_list():
    for term, meaning in TERMS.items():
        assert meaning.endswith(".") and meaning.count(". ") == 0
        assert f"**{term}**: {meaning}" in explained()
