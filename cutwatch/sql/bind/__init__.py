"""From statements to a program: names and types looked up, everything unsupported refused."""

from cutwatch.sql.bind.script import bind_script

__all__ = ["bind_script"]
