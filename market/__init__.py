"""What the trade means: tenders, bids, orders, awards and their rules."""
