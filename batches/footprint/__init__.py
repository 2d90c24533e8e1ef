"""What a batch took from the world: energy, water, materials, and what that weighs in CO2e."""
