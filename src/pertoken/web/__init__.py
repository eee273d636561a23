"""The page and its HTTP API: thin over the pipeline's views; no arithmetic, no SQL.

FastAPI, Authlib and uvicorn are imported in this room only, and by no other command than `serve`.
"""
