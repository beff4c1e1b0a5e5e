"""From a written policy to prompts, answers and a judge."""
