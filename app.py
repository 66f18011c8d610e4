"""Open the app: python app.py. Options: python app.py --help"""

from tfgen.ui.command import main

if __name__ == "__main__":
    main()
