"""Open the app: python app.py. Options: python app.py --help"""

from tfgen.cli.app import main

if __name__ == "__main__":
    main()
