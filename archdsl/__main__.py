"""`python -m archdsl` is the `archdsl` command."""

from .cli import main

if __name__ == "__main__":
    main()
