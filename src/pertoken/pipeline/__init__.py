"""The pipeline: the data path as a tuple of steps. Start at `steps.py`.

Its modules are imported one by one, so that a view does not load what an ingest needs.
"""
