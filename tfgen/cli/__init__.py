"""The command line: one thin file for each command. No library code stands here."""
