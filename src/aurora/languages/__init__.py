"""What Aurora knows of languages."""
