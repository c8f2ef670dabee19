"""The interactive figures of the tutorial: each is a function of its settings, and returns HTML and a sentence.

Pages of the site show the figures with their default settings. In a browser that runs archdsl, as in
docs/contributing/web.md, a form changes the settings and calls the function again. All numbers come from the analyses
of archdsl and from `small_networks`, which computes small networks without torch.
"""
