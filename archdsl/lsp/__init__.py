"""The language server: the answers of `archdsl/service/` in the Language Server Protocol."""
