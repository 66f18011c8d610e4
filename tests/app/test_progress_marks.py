"""Events without progress mark one component, so that the page does not search for all of their outputs."""

import json
import subprocess
import sys

#: Builds a page of three events and the page of the app, and prints the numbers of marked components.
PROGRAM = """
import json, sys
from pathlib import Path
import gradio as gr
from tfgen.app import page
from tfgen.app.catalogue import Catalogue
from tfgen.app.context import Context
from tfgen.app.model_cache import ModelCache
from tfgen.app.progress_marks import mark_hidden_progress_once
from tfgen.app.trainer import Trainer

with gr.Blocks() as blocks:
    fields = [gr.Textbox() for _ in range(3)]
    fields[0].change(lambda: ["", ""], None, fields[:2], show_progress="hidden")
    fields[1].change(lambda: ["", ""], None, fields[:2])
    fields[2].change(lambda: ["", ""], None, fields[:2], show_progress_on=fields[2])
    mark_hidden_progress_once(blocks)
root = Path(sys.argv[1])
catalogue = Catalogue(root)
app = page.build(Context(catalogue, ModelCache(catalogue), Trainer(root)))
print(json.dumps([[field._id for field in fields], blocks.config["dependencies"], app.config["dependencies"]]))
"""


def test_events_without_progress_mark_one_component_and_others_keep_theirs(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    fields, (hidden, usual, chosen), of_page = json.loads(done.stdout.splitlines()[-1])
    assert len(hidden["show_progress_on"]) == 1 and not {*hidden["show_progress_on"]} & {*fields}
    assert hidden["outputs"] == usual["outputs"] == chosen["outputs"] == fields[:2]
    assert usual["show_progress_on"] is None and chosen["show_progress_on"] == fields[2:]
    # The event that opens the page has most components of the page as outputs.
    opening = [each for each in of_page if any(event == "load" for _, event in each["targets"])]
    assert max(len(each["outputs"]) for each in opening) > 50
    assert len({marked for each in opening for marked in each["show_progress_on"] or each["outputs"]}) < 10
