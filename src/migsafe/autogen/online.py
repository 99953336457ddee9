"""`migsafe.online`: operations on tables that are in use are written so that nobody waits long."""
from __future__ import annotations
def compare(context, upgrade_ops): pass
