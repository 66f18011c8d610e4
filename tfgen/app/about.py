"""Descriptions of a run in one line, and the list of the runs that cannot be used."""

import html

from tfgen.app.catalogue import Catalogue
from tfgen.app.public_text import data_name, without_folders
from tfgen.app.terms import TERMS
from tfgen.config.families import FAMILIES
from tfgen.data.sets import counted
from tfgen.errors import TfgenError
from tfgen.runs.entries import LikelihoodEntry
from tfgen.runs.evaluations import entries_of_last_epoch
from tfgen.runs.run import Run


def about(catalogue: Catalogue, name: str | None) -> str:
    """Return family, data, epochs and test likelihood of a run as Markdown. If the run cannot be read: the reason.

    The likelihood stands in plain words. Estimator and levels are in a part that the reader opens.
    """
    if not name:
        return "There is no model yet. Train one in the tab **Runs**, or with `tfgen train --model flow`."
    try:
        run = catalogue.run(name)
        family = FAMILIES[run.config.model].title
        known = f"A **{family}** trained on {data_name(run.config.data.data)} for {_progress(run)}. "
        return (known + _likelihood(run)).strip()
    except TfgenError as error:
        return html.escape(without_folders(str(error), catalogue.root), quote=False)


def _progress(run: Run) -> str:
    rows, planned = run.metrics(skip_damaged=True), run.config.train.epochs
    done = int(rows[-1]["epoch"]) if rows else 0
    return counted(planned, "epoch") if done >= planned else f"{done} of {counted(planned, 'epoch')} so far"


def _likelihood(run: Run) -> str:
    """Return the likelihood of the test set: a sentence, and the estimator in a part that the reader opens."""
    entries = entries_of_last_epoch(run, skip_damaged=True).get("likelihood", ())
    entry = next((entry for entry in entries if entry.split == "test"), None)
    if entry is None:
        return ""
    if entry.bits_per_dim is not None:
        sentence = f"On unseen pictures: **{entry.bits_per_dim:.3f} bits/dim**{against_baseline(entry)}."
        return sentence + _details(f"{TERMS['bits/dim']} Measured with {entry.levels} levels; {entry.estimator}.")
    sentence = f"On unseen points: **{-entry.log_prob_nats:.3f} nats** (lower is better)."
    return sentence + _details(f"{TERMS['NLL']} Measured with: {entry.estimator}.")


def against_baseline(entry: LikelihoodEntry) -> str:
    """Return a part of a sentence that compares bits/dim with the baseline of independent pixels."""
    baseline = entry.pixel_marginal_bits_per_dim
    if not baseline or not entry.bits_per_dim or entry.bits_per_dim < 0:
        return " (lower is better)"
    if entry.estimator.startswith("gaussian"):
        return " (lower is better; noise hides the exact values of the pixels, so that guessing them is no comparison)"
    ratio = baseline / entry.bits_per_dim
    if ratio >= 1.05:
        return f", {ratio:.1f} times fewer than guessing each pixel by itself (lower is better)"
    if ratio > 0.95:
        return ", about as many as guessing each pixel by itself (lower is better)"
    return f", {1 / ratio:.1f} times more than guessing each pixel by itself (lower is better)"


def _details(text: str) -> str:
    return f"\n\n<details><summary>What is this number?</summary>{html.escape(text, quote=False)}</details>"


def unusable(catalogue: Catalogue) -> str:
    """Return the runs that cannot be used, each with the reason, as Markdown. Empty if all can be used."""
    found = [(entry.name, entry.reason) for entry in catalogue.entries() if entry.reason]
    rows = [f"- **{html.escape(name, quote=False)}**: {html.escape(reason, quote=False)}" for name, reason in found]
    if not rows:
        return ""
    title = f"{counted(len(rows), 'run')} cannot be used"
    return f"<details><summary>{title}</summary>\n\n" + "\n".join(rows) + "\n\n</details>"
