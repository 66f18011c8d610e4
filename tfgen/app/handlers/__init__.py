"""The handlers of the app: what the page and programs can ask for.

Every handler is a function of the app's `Context` and of plain values. It returns texts and paths of pictures, and
raises a `TfgenError` for a value or a model that it cannot use. No handler imports Gradio.

The tabs bind the handlers to the context (`tfgen.app.events.bind`). Gradio then makes the documentation for programs
and for MCP clients from the handlers' docstrings. Gradio reads only one line for each argument there.
"""
