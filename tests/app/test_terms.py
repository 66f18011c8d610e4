"""Numbers in plain words: the explanation of a likelihood, and the terms with their direction."""

import html

import pytest

from tfgen.app.about import against_baseline
from tfgen.app.terms import CURVES, TERMS, explained, tooltip, with_tooltips
from tfgen.evaluation.report import INCEPTION_METRICS, QUALITY_METRICS
from tfgen.plots.curves import title
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


def test_bits_under_gaussian_noise_are_not_compared_with_guessed_pixels():
    noisy = entry(5.9, 5.3).model_copy(update={"estimator": "gaussian dequantization bound, 1 sample"})
    assert "times more" not in against_baseline(noisy)
    assert "no comparison" in against_baseline(noisy)


def test_every_term_is_one_sentence_in_the_list():
    for term, meaning in TERMS.items():
        assert meaning.endswith(".") and meaning.count(". ") == 0
        assert f"**{term}**: {meaning}" in explained()


def test_cells_that_are_terms_get_their_explanation_as_a_tooltip():
    table = "| model | bits/dim | KL of classes to the data's | near |\n|---|---|---|---|\n| near | 1 | 2 | 3 |"
    header, _, row = with_tooltips(table).splitlines()
    for term in ("bits/dim", "near"):
        assert f'title="{html.escape(TERMS[term])}">{term}</abbr> |' in header
    assert "KL of classes to the data&#x27;s</abbr>" in header
    assert header.count("<abbr") == 3 and header.startswith("| model | <abbr")
    # A model may be called like a term.
    assert row == "| near | 1 | 2 | 3 |"
    assert with_tooltips("The share near a picture | of the classes") == "The share near a picture | of the classes"


def test_the_terms_of_the_tables_and_of_the_curves_are_explained():
    columns = [title for metrics in (QUALITY_METRICS, INCEPTION_METRICS) for title, _ in metrics.values()]
    curves = [title(quantity) for quantity in ("bits_per_dim", "kl", "reconstruction", "active_units", "loss_ratio")]
    assert not {*columns, "bits/dim", "estimator"} - set(TERMS)
    assert not set(curves) - set(CURVES)
    for term, meaning in CURVES.items():
        assert meaning.endswith(".") and meaning.count(". ") == 0
        assert f'title="{html.escape(meaning)}">' in tooltip(term)
    assert tooltip("epoch") == "epoch"
