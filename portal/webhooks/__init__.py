"""How systems are told: signed messages, in order, until each was taken (Standard Webhooks)."""
