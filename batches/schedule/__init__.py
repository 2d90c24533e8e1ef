"""When suites are taken: campaigns, slots, and what a hold does to them."""
