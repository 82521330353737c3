"""From flexibility to offers and back: supply curves of sites, groups and fleets, and awards spread over assets."""
