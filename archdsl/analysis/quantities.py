"""Counts and bytes in words: `15.47 G`, `241.1 KiB`."""


def si(count: int) -> str:
    """`15.47 G`, `416.5 K`: three or four digits and a prefix."""
    for unit, word in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "K")):
        if count >= unit:
            return f"{count / unit:.4g} {word}"
    return str(count)


def size(count: int) -> str:
    """Bytes in binary units: `241.1 KiB`."""
    value = float(count)
    for word in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or word == "GiB":
            break
        value /= 1024
    return f"{value:.0f} {word}" if word == "B" else f"{value:.1f} {word}"
