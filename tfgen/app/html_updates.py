"""A correction of the updates that Gradio sends to `gr.HTML` components with a template."""

from typing import Any

import gradio as gr


def send_complete_updates(blocks: gr.Blocks) -> None:
    """Make every update of a `gr.HTML` contain all values of its template.

    Gradio 6.31 sends only the values that change, and sends values of its own for `gr.skip()`. A component that is not
    drawn yet, for example in a tab that was never opened, replaces all its values by those of the update. Its template
    then fails on a missing value.

    Args:
        blocks: the page. Its method `postprocess_data` is replaced.
    """
    postprocess = blocks.postprocess_data

    async def postprocess_completely(block_fn, predictions, state) -> list[Any]:
        outputs = await postprocess(block_fn, predictions, state)
        for component, output in zip(block_fn.outputs, outputs, strict=False):
            if isinstance(component, gr.HTML) and isinstance(output, dict) and "props" in output:
                changed = {name: value for name, value in output.pop("props").items() if name != "__type__"}
                if changed:
                    before = component if state is None else state[component._id]
                    output["props"] = {**before.props, **changed}
        return outputs

    blocks.postprocess_data = postprocess_completely  # type: ignore[method-assign]
