"""What people do with dockets: open one, take its steps."""
