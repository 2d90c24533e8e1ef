"""What is being made: recipes, parameters and limits, batches, readings and their excursions."""
