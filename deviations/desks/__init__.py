"""What people give at each step of a docket, said once: pages and the API make forms and inputs of it."""
