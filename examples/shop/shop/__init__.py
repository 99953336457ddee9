"""A small web shop: customers, catalogue, orders, billing."""
