"""Run a command of tfgen: python -m tfgen COMMAND …"""

from tfgen.cli.main import main

if __name__ == "__main__":
    main()
