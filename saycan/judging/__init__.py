"""What is right: suites of tasks, shortest ways to their goals, and bodies without physics to rehearse on."""
