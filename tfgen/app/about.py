"""Descriptions of a run in one line, and the list of the runs that cannot be used."""

import html

from tfgen.app.catalogue import Catalogue
from tfgen.app.public_text import data_name, without_folders
from tfgen.config.families import FAMILIES
from tfgen.errors import TfgenError
from tfgen.runs.evaluations import entries_of_last_epoch
from tfgen.runs.run import Run


def about(catalogue: Catalogue, name: str | None) -> str:
    """Return family, data, epochs and test likelihood of a run as Markdown. If the run cannot be read: the reason."""
    if not name:
        return "There is no model yet. Train one in the tab **Train a model**, or with `tfgen train --model flow`."
    try:
        run = catalogue.run(name)
        family = FAMILIES[run.config.model].title
        parts = [f"A **{family}** trained on {data_name(run.config.data.data)} for {_progress(run)}", *_likelihood(run)]
    except TfgenError as error:
        return html.escape(without_folders(str(error), catalogue.root), quote=False)
    return "; ".join(parts) + "."


def _progress(run: Run) -> str:
    rows, planned = run.metrics(skip_damaged=True), run.config.train.epochs
    done = int(rows[-1]["epoch"]) if rows else 0
    return f"{planned} epochs" if done >= planned else f"{done} of {planned} epochs so far"


def _likelihood(run: Run) -> list[str]:
    entries = entries_of_last_epoch(run, skip_damaged=True).get("likelihood", ())
    entry = next((entry for entry in entries if entry.split == "test"), None)
    if entry is None:
        return []
    if entry.bits_per_dim is not None:
        return [f"test set {entry.bits_per_dim:.3f} bits/dim ({entry.levels} levels; {entry.estimator})"]
    return [f"test set {-entry.log_prob_nats:.3f} nats ({entry.estimator})"]


def unusable(catalogue: Catalogue) -> str:
    """Return the runs that cannot be used, each with the reason, as Markdown. Empty if all can be used."""
    found = [(entry.name, entry.reason) for entry in catalogue.entries() if entry.reason]
    rows = [f"- **{html.escape(name, quote=False)}**: {html.escape(reason, quote=False)}" for name, reason in found]
    if not rows:
        return ""
    title = f"{len(rows)} {'run' if len(rows) == 1 else 'runs'} cannot be used"
    return f"<details><summary>{title}</summary>\n\n" + "\n".join(rows) + "\n\n</details>"
