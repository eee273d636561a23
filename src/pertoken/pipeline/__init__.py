"""The pipeline: the data path as a tuple of steps. Start at `steps.py`."""

from pertoken.pipeline.ingest import ingest
from pertoken.pipeline.report import RunReport
from pertoken.pipeline.steps import PLAN_STEPS, STEPS

__all__ = ["PLAN_STEPS", "STEPS", "RunReport", "ingest"]
