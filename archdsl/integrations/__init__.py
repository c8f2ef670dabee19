"""Networks in documents: Markdown, Sphinx, Jupyter. Each module imports its framework on first use."""
