"""What a skill would change, predicted: the language model (or less) as a model of the world. See ``docs/world-model.md``."""
