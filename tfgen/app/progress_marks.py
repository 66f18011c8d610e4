"""The components on which the page marks that an event runs."""

import gradio as gr


def mark_hidden_progress_once(blocks: gr.Blocks) -> None:
    """Let events without visible progress mark one component in place of all their outputs.

    Call the function in the `with` block of `blocks`.

    Gradio 6.31 updates the mark of every component that any event has marked so far before it sends the next event, and
    searches the tree of components for each. The event that opens the page has 77 outputs. Their marks would delay
    every later event by 20 to 30 milliseconds.
    """
    mark = gr.Textbox(visible=False, label="Mark of events without progress")
    for function in blocks.fns.values():
        if function.show_progress == "hidden" and function.outputs:
            function.show_progress_on = [mark]
