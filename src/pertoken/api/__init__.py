"""The Python API behind `pertoken.open`: the nouns of the command line, as methods."""

from pertoken.api.hub import Hub, IngestResult
from pertoken.api.result import Result

__all__ = ["Hub", "IngestResult", "Result"]
