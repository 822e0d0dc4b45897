"""What names mean inside one query."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from sqlglot import exp

from cutwatch.sql.errors import SourceText, SqlError
from cutwatch.sql.expressions import ColumnRef, RowTime
from cutwatch.sql.program import ARRIVAL_TIME, Columns
from cutwatch.sql.syntax.ast import Name

ROWTIME = "ROWTIME"


def offset_of(node: exp.Expr) -> int:
    """Where an expression starts: its own token, or the first one inside it."""
    starts = [int(part.meta["start"]) for part in node.walk() if "start" in part.meta]
    return min(starts, default=0)


def name_of(identifier: exp.Expr) -> Name:
    """A sqlglot identifier, folded as the service folds it."""
    quoted = bool(identifier.args.get("quoted"))
    text = str(identifier.this)
    return Name(text if quoted else text.upper(), quoted, offset_of(identifier))


def suggestion_for(name: Name, known: list[str]) -> str:
    """Advice for a name that is not there: the same in other letters, the nearest, or what there is."""
    for candidate in known:
        if candidate.upper() == name.text.upper():
            return f'did you mean "{candidate}"? Unquoted names become upper case, quoted ones stay as they are'
    near = difflib.get_close_matches(name.text, known, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
    return "there are " + ", ".join(f'"{candidate}"' for candidate in known[:12]) if known else ""


@dataclass(frozen=True)
class Scope:
    """The columns that a query's expressions can name, and the names that may stand before a dot."""

    columns: Columns
    qualifiers: tuple[str, ...]
    source: SourceText

    def error(self, problem: str, node: exp.Expr | int, suggestion: str = "") -> SqlError:
        """The refusal of an expression or of what stands at an offset."""
        return self.source.error(problem, node if isinstance(node, int) else offset_of(node), suggestion)

    def check_qualifier(self, qualifier: Name) -> None:
        """Refuse `x.` where x is not what FROM names."""
        if qualifier.text not in self.qualifiers:
            raise self.error(
                f'"{qualifier.text}" is not what FROM names',
                qualifier.at,
                suggestion_for(qualifier, list(self.qualifiers)),
            )

    def resolve(self, node: exp.Column) -> ColumnRef | RowTime:
        """The column or ROWTIME that a name means."""
        if node.args.get("db"):
            raise self.error("names with a schema are not supported", node, "write stream.column")
        if qualifier := node.args.get("table"):
            self.check_qualifier(name_of(qualifier))
        name = name_of(node.this)
        if name.text == ROWTIME:
            return RowTime()
        found = [index for index, column in enumerate(self.columns) if column.name == name.text]
        if len(found) > 1:
            raise self.error(f'"{name.text}" is the name of several columns here', name.at, "give them aliases")
        if found:
            return ColumnRef(found[0], name.text, self.columns[found[0]].type, name.at)
        if name.text == ARRIVAL_TIME:
            raise self.error(f"{ARRIVAL_TIME} is there on source streams only", name.at, "select it into a column")
        known = [column.name for column in self.columns if not column.hidden]
        raise self.error(f'there is no column "{name.text}" here', name.at, suggestion_for(name, known))
