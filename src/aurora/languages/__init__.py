"""What Aurora knows of languages: the only room that knows one.

`labels` makes one tag of every way to write a language. `language` is the type of a language's file, `thresholds` that
of the limits in it; `data/` holds the files that ship. `lookup` reads files, those that a recipe names too, and answers
what is known of a tag; for a language without a file it has a sentence that names the file to add (docs/language.md).
`names` names those that only reports speak of.
"""
