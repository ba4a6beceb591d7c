"""What to do next: language says what is useful, skills say what is possible, the product decides."""
