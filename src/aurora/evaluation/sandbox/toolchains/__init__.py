"""How programs of each language are built and run, and the tools of this machine that do it.

found         what is known of a tool, and which of the host's folders a jail must see for it
interpreted   Python, JavaScript, TypeScript, Perl, PHP, Ruby
compiled      C++ and Java
go, rust      with libraries that are compiled once and kept in the user's cache
known         every language by its name
"""
