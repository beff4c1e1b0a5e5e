"""What stands in a corpus more than once: documents, lines at their edges, long passages.

`duplicates` finds documents that repeat another, exactly or nearly, from signatures (`sign`). `edge_lines` and
`boilerplate` find the lines that a site repeats at the head and tail of its pages; `passages` and `repeated` the long
stretches that stood elsewhere before. `cuts` takes lines and passages out when documents are written.
"""
