"""The world: a Panda arm at a table, things on it, goals about them. Knows nothing of skills or language."""
