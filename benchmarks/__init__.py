"""Where the time goes: Lapdraw next to plain PyTorch and every peer, with the record and the report."""
