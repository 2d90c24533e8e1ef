"""Laboratory investigations of OOS and OOT: two phases, and retests by a plan approved before them."""
