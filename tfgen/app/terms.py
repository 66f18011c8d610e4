"""The terms of the page, each explained in one sentence that says which direction is better."""

import html
import re

#: Term, as the tables of a comparison write it → explanation.
TERMS = {
    "bits/dim": "Bits per dimension: how many bits per pixel value a perfect compressor would need with this model; "
    "lower is better.",
    "ELBO": "A bound: the true number of bits/dim of the model is at most the one shown.",
    "NLL": "Negative log-likelihood: how surprising unseen data are to the model, in nats (1 nat = 1.44 bits); lower "
    "is better.",
    "estimator": "How the likelihood was computed; every estimator except “exact” gives a bound, which more samples "
    "tighten.",
    "Fréchet classifier distance": "Distance between the model's pictures and real pictures, as a classifier sees "
    "them; lower is better.",
    "FID": "Fréchet distance in the features of an Inception network, as published results state it; lower is better.",
    "KID": "A distance of the same kind as the Fréchet distance that is fair for few pictures; lower is better.",
    "precision": "Share of the model's pictures that lie among real pictures; higher is better.",
    "recall": "Share of the real pictures that lie among the model's pictures; higher is better.",
    "density": "How closely real pictures surround the model's pictures, 1 for real pictures; higher is better.",
    "coverage": "Share of the real pictures that have one of the model's pictures near them; higher is better.",
    "KL of classes to uniform": "How much the shares of the classes among the model's pictures differ from equal "
    "shares; lower is better if the data have equal shares.",
    "KL of classes to the data's": "How much the shares of the classes among the model's pictures differ from those of "
    "the data; lower is better.",
    "confidently classified": "Share of the model's pictures to whose class a classifier gives a probability of at "
    "least 95 %; higher is better, up to the share of real pictures.",
    "accuracy": "Share of the test pictures whose class the model finds by Bayes' rule; higher is better.",
    "calibration error": "How far the model's probabilities of classes are from how often they are right; lower is "
    "better.",
    "agreement": "Share of the model's pictures in which a classifier finds the requested class; higher is better.",
    "FLOP": "Floating-point operations, a cost that does not depend on the machine; lower is better.",
    "ratio": "Distance of a picture of the model to its nearest training picture, compared with the distance from "
    "there to the next one; far below that of test images means copies.",
    "near": "Share of the model's pictures that nearly copy a training picture; about 1 % is usual, lower is better.",
}
#: Titles of the curves of a training → explanation.
CURVES = {
    "bits per dimension": TERMS["bits/dim"],
    "KL divergence [nats]": "How much more the latent of a picture says than a random latent; neither direction is "
    "better by itself.",
    "reconstruction [nats]": "How surprising a picture is once its latent is known; lower is better.",
    "active latent dimensions": "Number of the latent's dimensions that depend on the picture; the others are unused.",
    "generator's loss / discriminator's": "Whether the two networks of a GAN are in balance; a ratio that keeps rising "
    "or falling is a bad sign.",
    "inversion error, largest": "Largest error of a pixel after encoding and decoding; lower is better.",
    "inversion error, mean": "Mean error of the pixels after encoding and decoding; lower is better.",
}
#: The header of a Markdown table, and a cell.
_HEADER, _CELL = re.compile(r"^\|.*\|$(?=\n\|---)", re.MULTILINE), re.compile(r"(?<=\| )[^|]+(?= \|)")


def explained() -> str:
    """Return the terms of a comparison as a Markdown list."""
    return "\n".join(f"- **{term}**: {meaning}" for term, meaning in TERMS.items())


def with_tooltips(tables: str) -> str:
    """Return Markdown in which each title of a table's column that is a term has its `tooltip`."""
    return _HEADER.sub(lambda header: _CELL.sub(lambda cell: tooltip(cell[0]), header[0]), tables)


def tooltip(text: str) -> str:
    """Return a term with its explanation as a tooltip, as HTML. Other texts are returned as they are.

    The tooltip opens under the pointer, and when the term gets the focus by the keyboard or a touch (`style.css`).
    """
    meaning = TERMS.get(text) or CURVES.get(text)
    if meaning is None:
        return text
    return f'<abbr class="term" tabindex="0" title="{html.escape(meaning)}">{html.escape(text)}</abbr>'
