"""What changes a judgement: impact, scope, class, ties, risk."""
