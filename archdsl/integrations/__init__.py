"""Networks inside of documents: Markdown, Sphinx, Jupyter. Each imports what it needs when it is used."""
