"""Text that a corpus has more than once: documents, lines at their edges, long passages.

    sign -> signatures -> duplicates -> fates
    edge_lines -> boilerplate -> cuts        passages -> repeated -> cuts

Each pair works alike: the first makes hashes of a shard alone, the second decides from the hashes of all shards.
`duplicates` finds documents that equal or nearly equal another. `boilerplate` finds lines that a site repeats at the
head and tail of its pages, `repeated` finds long passages that an earlier document has. `cuts` removes both when
documents are written.
"""
