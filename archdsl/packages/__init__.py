"""Packages that extend the language: found by their entry points, run only if a text names them and a user allows it.

`load_package` is called for names that a library allows (`Library.allows`); nothing else imports a package.
"""
