"""Raw text to clean documents: sources, language identification, rules, duplicates, ledger."""
