"""python -m export RUN --to saved_model tflite [--out DIR] [--quantize none float16 dynamic-int8 int8]"""

from export.command import main

if __name__ == "__main__":
    main()
