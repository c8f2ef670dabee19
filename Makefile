# A thin wrapper for scripts/dev.py, which needs only Python. Without make, run for example: python3 scripts/dev.py demo

PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint format site sitetest vscode bench conformance fuzz clean

help setup demo test lint format site sitetest vscode bench conformance fuzz clean:
	@$(PYTHON) scripts/dev.py $@
