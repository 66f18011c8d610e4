"""A web page that runs an exported model in the browser with LiteRT.js: samples, latent space and interpolation."""
