"""What those who work on the product run, and what does not go into the package."""
