"""A page with an exported model in the browser: its samples and its latent space, by LiteRT.js."""
