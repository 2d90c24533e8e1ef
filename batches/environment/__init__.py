"""What surrounds a batch: rooms, utilities and hands, by what they are held against."""
