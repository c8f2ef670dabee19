"""archdsl in a web page: what the worker of the playground and of interactive pages calls, as JSON.

It runs in Pyodide, which has neither processes nor compiled packages: only what `archdsl check` needs. `web/` has the
pages and their worker.
"""
