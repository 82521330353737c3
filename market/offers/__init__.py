"""Offers: from what flexibility costs to bids that can be delivered, with their assumptions stated."""
