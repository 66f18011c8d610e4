"""The terms of the page, each explained in one sentence that says which direction is better."""

#: Term → explanation.
TERMS = {
    "bits/dim": "Bits per dimension: how many bits per pixel value a perfect compressor would need with this model; "
    "lower is better.",
    "ELBO": "A bound: the true number of bits/dim of the model is at most the one shown.",
    "NLL": "Negative log-likelihood: how surprising unseen data are to the model, in nats (1 nat = 1.44 bits); lower "
    "is better.",
    "FID, Fréchet distance": "Distance between the features of the model's pictures and of real pictures, as a "
    "classifier sees them; lower is better.",
    "KID": "A distance of the same kind as FID that is fair for few pictures; lower is better.",
    "precision, density": "How many of the model's pictures lie among real ones; higher is better.",
    "recall, coverage": "How many of the real pictures the model comes close to; higher is better.",
    "KL of classes": "How much the share of each class differs from the expected share; lower is better.",
    "near a training image": "Share of the model's pictures that nearly copy a training picture; lower is better.",
    "seconds, FLOP": "What training and sampling cost; lower is better.",
}


def explained() -> str:
    """Return the terms as a Markdown list."""
    return "\n".join(f"- **{term}**: {meaning}" for term, meaning in TERMS.items())
