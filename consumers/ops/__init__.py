"""The operations console: what is going on, and the mending of it, as pages and as JSON.

Rule: nothing here decides or computes what the commands do not; a page asks the same functions.
Only this package imports Starlette, uvicorn and Jinja2.
"""
