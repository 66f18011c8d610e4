"""The tab "Overview": the families side by side, and what the other tabs do."""

import gradio as gr

from tfgen.app import components
from tfgen.app.context import Context
from tfgen.app.events import INTERNAL, bind
from tfgen.app.handlers.families import examples, recorded_samples
from tfgen.app.header import Header

TITLE, ELEMENT_ID = "Overview", "tab-overview"
INTRODUCTION = (
    "A generative model learns from examples to make new pictures of their kind. Below are three families of such "
    "models. Picture for picture, they start from the same seeds, that is, from the same random numbers."
)
NEXT = """
| to do this | open the tab |
|---|---|
| Make pictures, of one class if the model has classes | **Sample** |
| Change one picture into another step by step | **Interpolate** |
| Mix two to four pictures, each with a weight | **Mix** |
| Wander through the pictures that a model can make | **Explore latent space** |
| Draw something, and see how a model redraws it and how probable it finds it | **Reconstruct** |
| Put models beside each other, with their measurements | **Compare** |
"""
#: Milliseconds from the first appearance of the page to the import of TensorFlow.
QUIET = 500
#: Last row of the table, for pages with and without the controls that train.
RUNS = {
    True: "| See how a model learned; train one, also on pictures of yours | **Runs** |",
    False: "| See how a model learned | **Runs** |",
}


def build(context: Context, header: Header, tab: gr.Tab) -> None:
    """Add the components of the tab and connect their events."""
    gr.Markdown(INTRODUCTION)
    with gr.Row(elem_id="families"):
        for example in examples(context):
            with gr.Column(min_width=240):
                title = example.title[:1].upper() + example.title[1:]
                gr.Markdown(f"## {title}\n\n{example.sentence}", elem_classes=["family"])
                # The pictures are part of the page: a handler would show them half a second later.
                components.picture(
                    f"Pictures of {example.model}",
                    elem_id=f"family-{example.family}",
                    value=recorded_samples(context, example.model),
                )
                use = gr.Button(f"Choose {example.model}", size="sm")
                use.click(lambda name=example.model: name, outputs=header.model, queue=False, **INTERNAL)
    gr.Markdown(NEXT + RUNS[header.can_train], elem_id="what-next", elem_classes=["facts"])
    # Earlier, the import of TensorFlow would slow down the loading of the page.
    loaded = header.blocks.load(None, js=f"() => new Promise((later) => setTimeout(later, {QUIET}))", **INTERNAL)
    loaded.then(bind(_begin_import, context), queue=False, **INTERNAL)


def _begin_import(context: Context) -> None:
    context.models.begin_import()
