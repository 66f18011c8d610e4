"""Export a trained model: tfgen export RUN --to saved_model tflite. The same command is `tfgen export`."""

from tfgen.cli.export import main

if __name__ == "__main__":
    main()
