"""`manage.py gateway`: record at the site, keep in a queue of one's own, send when the portal is there."""
