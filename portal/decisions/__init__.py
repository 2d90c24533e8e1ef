"""Decision requests: what one side asks the other to choose, before the choice is lost (clause 9.1)."""
