"""How the language model learns to plan: tasks that never run out, an expert that knows a way, and training on its ways."""
