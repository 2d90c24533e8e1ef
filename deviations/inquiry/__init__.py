"""How a deviation is investigated: tools, causes, what rules people out as the cause, words that blame."""
