"""Updates of components that are made of a template: whole, or none."""

from typing import Any

import gradio as gr


def whole_updates(blocks: gr.Blocks) -> None:
    """Let an update of a `gr.HTML` name all values of its template.

    Gradio 6.31 sends those that change, and for `gr.skip()` one of its own making. Where a component is not drawn yet,
    as in a tab that was not opened, they take the place of all others, and its template fails.
    """
    postprocess = blocks.postprocess_data

    async def completed(block_fn, predictions, state) -> list[Any]:
        outputs = await postprocess(block_fn, predictions, state)
        for component, output in zip(block_fn.outputs, outputs, strict=False):
            if isinstance(component, gr.HTML) and isinstance(output, dict) and "props" in output:
                changed = {name: value for name, value in output.pop("props").items() if name != "__type__"}
                if changed:
                    before = component if state is None else state[component._id]
                    output["props"] = {**before.props, **changed}
        return outputs

    blocks.postprocess_data = completed  # type: ignore[method-assign]
