"""The web app: a Gradio page on which models are sampled, explored, compared and trained."""
