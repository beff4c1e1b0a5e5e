"""What Aurora knows of languages: the only room that knows one.

`labels` makes one tag of every way to write a language. `language` is the type of a language's file, `thresholds` that
of the limits in it, `personal_data` that of what personal data looks like; `data/` holds the files that ship.
`language_file` reads one, and `lookup` answers what is known of a tag, from files of a recipe too; for a language
without a file it has a sentence that names the file to add (docs/language.md). `names` names those that only reports
speak of, and `reference` describes the keys.
"""
