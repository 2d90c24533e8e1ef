"""Patient lots: chain of identity, chain of custody, and how long they live."""
