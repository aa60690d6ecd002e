"""Who stands in the booth, checked on the spot: the flow between page, card reader and witness."""
