"""GGUF files, llama.cpp's format, as a source of weights.

`file` reads the table of a file within bounds, `blocks` turns its types into numbers, `network` and `text` translate
what it describes into the hub's terms, and `folder` writes that as files which the rest of Aurora reads. Nothing here
needs torch.
"""
