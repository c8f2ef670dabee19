"""archdsl in a web page: functions of JSON values, called by the worker of the playground and of interactive pages.

It runs in Pyodide, which has neither processes nor compiled packages: it needs only what `archdsl check` needs. `web/`
has the pages and their worker.
"""
