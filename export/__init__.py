"""Export a trained model: `tfgen export RUN` is `tfgen export RUN` under its old name."""
