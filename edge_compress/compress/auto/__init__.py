"""From a model, footage and a budget to a search: what is worth searching, and why."""
