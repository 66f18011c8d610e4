"""What a model is, in a line."""

import html

from tfgen.app.catalogue import Catalogue
from tfgen.errors import TfgenError
from tfgen.runs.evaluations import current
from tfgen.runs.run import Run

FAMILIES = {
    "vae": "variational autoencoder",
    "gan": "generative adversarial network",
    "flow": "normalizing flow",
    "dropout_gan": "Dropout-GAN",
    "mad_gan": "MAD-GAN",
}


def about(catalogue: Catalogue, name: str | None) -> str:
    """Family, data, training and likelihood of a run, as Markdown; what is wrong where it cannot be read."""
    if not name:
        return "No model yet. Train one in the tab **Train**, or with `python train.py --model flow`."
    try:
        run = catalogue.run(name)
        family = FAMILIES.get(run.config.model, run.config.model)
        parts = [f"A **{family}** of {run.config.data.data}", _progress(run), *_likelihood(run)]
    except TfgenError as error:
        return html.escape(str(error), quote=False)
    return "; ".join(parts) + "."


def _progress(run: Run) -> str:
    rows, planned = run.metrics(), run.config.train.epochs
    done = int(rows[-1]["epoch"]) if rows else 0
    return f"{planned} epochs" if done >= planned else f"{done} of {planned} epochs so far"


def _likelihood(run: Run) -> list[str]:
    found = [entry for entry in current(run).get("likelihood", ()) if entry.get("split") == "test"]
    if not found:
        return []
    entry = found[0]
    try:
        if "bits_per_dim" in entry:
            return [f"test set {entry['bits_per_dim']:.3f} bits/dim ({entry['levels']} levels; {entry['estimator']})"]
        return [f"test set {-entry['log_prob_nats']:.3f} nats ({entry['estimator']})"]
    except (KeyError, TypeError, ValueError):  # of another version, or not written by tfgen
        return []


def unusable(catalogue: Catalogue) -> str:
    """The runs that cannot be used, each with the reason, as Markdown; empty where there is none."""
    found = [(entry.name, entry.reason) for entry in catalogue.entries() if entry.reason]
    rows = [f"- **{html.escape(name, quote=False)}**: {html.escape(reason, quote=False)}" for name, reason in found]
    if not rows:
        return ""
    return "<details><summary>" + f"{len(rows)} not usable</summary>\n\n" + "\n".join(rows) + "\n\n</details>"
