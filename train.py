"""Train a model: python train.py --model vae|gan|flow|… Options: python train.py --model flow --help"""

from tfgen.cli.train import main

if __name__ == "__main__":
    main()
