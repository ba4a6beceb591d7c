"""What to do next: language says what is useful, skills say what is possible, the product decides."""

import os

# Threads that wait sleep. By default PyTorch's spin: with another program on the cores, a pass takes ten times as long. It is read
# when PyTorch is imported, hence here.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
