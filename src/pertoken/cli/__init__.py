"""The command line: thin. Options in, a table out; no arithmetic, no SQL."""

from pertoken.cli.main import main

__all__ = ["main"]
