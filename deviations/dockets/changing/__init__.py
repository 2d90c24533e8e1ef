"""Change control: what a side wants to change, what the other is told, asked or has to approve first."""
