"""What is done to each text before it is judged: repairing, normalising, identifying its language.

    text -> code_look -> mojibake -> normalise -> identify -> other_language -> text and language

`mojibake` undoes wrong encodings; `normalise` changes texts, after `normalise_pass` has found the few that need it. A
document without a language gets one from `code_look`, `identify` and, if the recipe names a model, `fasttext_model`;
one that contradicts its declared language is reported. `other_language` removes paragraphs in another language than
the document's. Nothing here drops a document.
"""
