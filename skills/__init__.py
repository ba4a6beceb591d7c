"""What the arm can do: tasks, Gymnasium environments, training, success values. Knows nothing of language models."""
