"""The diagnostics of texts and networks: one class a code, with its page and its examples; one file a family.

Those of lints (W09) stand with the lints, in archdsl/analysis/lint/; archdsl/analysis/codes.py lists all.
"""
