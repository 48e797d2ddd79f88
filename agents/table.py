"""A table of text, for the screen and in Markdown."""

from __future__ import annotations

from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text


@dataclass(frozen=True, kw_only=True)
class Table:
    """Text in columns; `note` says how to read it. Without a title it has no heading."""

    title: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""

    def print(self, console: Console) -> None:
        """Show it on the screen."""
        table = RichTable(title=Text(self.title, "bold"), title_justify="left", box=box.SIMPLE)
        for number, name in enumerate(self.header):  # as Text: brackets are units, not markup
            table.add_column(Text(name), justify="left" if number == 0 else "right")
        for row in self.rows:
            table.add_row(*map(Text, row))
        console.print(table)
        if self.note:
            console.print(Text(self.note + "\n", "dim"))

    @property
    def markdown(self) -> str:
        """As Markdown, under a heading."""
        rule = ("---", *["---:"] * (len(self.header) - 1))
        lines = ["| " + " | ".join(row) + " |" for row in (self.header, rule, *self.rows)]
        parts = [f"### {self.title}" * bool(self.title), "\n".join(lines), self.note]
        return "\n\n".join(part for part in parts if part) + "\n"
