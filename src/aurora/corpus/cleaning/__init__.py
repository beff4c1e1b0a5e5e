"""What is done to one text before it is judged: repaired, normalised, its language told.

Mojibake is repaired first (`mojibake`), then the text is normalised (`normalise`, with `normalise_pass` finding the
few texts that change), and a document without a language gets one (`identify`, `code_look`, `fasttext_model`).
Paragraphs in another language than the document's are found here too (`other_language`). Nothing here drops a
document.
"""
