"""Tables say what the outcomes say."""

from __future__ import annotations

from evaluation_scenes import CARE, outcomes
from rich.console import Console

from conceptgym.agents.evaluation.evaluator import Outcome
from conceptgym.agents.evaluation.tables import full_table, make_tables
from conceptgym.agents.table import Table
from conceptgym.agents.wilson import wilson_interval


def cell(successes: int, episodes: int) -> str:
    low, high = (100 * end for end in wilson_interval(successes, episodes))
    rate = 100 * successes / episodes
    return f"{rate:.1f} ({low:.1f}-{high:.1f}) {successes}/{episodes}"


def some() -> list[Outcome]:
    return [
        *outcomes(7, 10),
        *outcomes(3, 10, method="chance"),
        *outcomes(9, 10, task="identify"),
        *outcomes(4, 10, demonstrations=1),
        *outcomes(6, 10, condition="wrong"),
        *outcomes(2, 10, concept="closest"),
        *outcomes(0, 10, concept="touch"),
        *outcomes(5, 10, concept="figure", level=2, variant="zigzag"),
        *outcomes(8, 10, concept="beside + near", level=4),
        *outcomes(1, 10, concept="three distances", level=4),
        *outcomes(9, 10, world="arm", arm=CARE),
    ]


def found(title: str) -> dict[tuple[str, ...], dict[str, str]]:
    """A table's rows by their leading cells, each by its column."""
    (table,) = [table for table in make_tables(some()) if table.title.startswith(title)]
    names = ("level", "group", "concept", "family", "method", "variant")
    lead = [name for name in table.header if name in names]
    return {
        row[: len(lead)]: dict(zip(table.header[len(lead) :], row[len(lead) :], strict=True))
        for row in table.rows
    }


def test_levels_keep_compositions_apart_and_leave_touch_out() -> None:
    rows = found("Success by level")
    assert rows["1", "concepts"] == {"generate": cell(9, 20), "identify": cell(9, 10)}
    assert rows["4", "pairs"]["generate"] == cell(8, 10)
    assert rows["4", "triples"] == {"generate": cell(1, 10), "identify": "-"}


def test_concepts_and_their_mean() -> None:
    rows = found("Success by concept")
    assert rows["touch",]["level 1, generate"] == cell(0, 10)
    assert rows["mean",]["level 1, generate"] == cell(9, 20)
    assert rows["mean",]["level 4, generate"] == "-"
    assert list(rows)[-1] == ("mean",)


def test_families_stand_in_their_order() -> None:
    rows = found("Success by family")
    families = ["arrangement", "proximity", "shape", "pairs", "triples"]
    assert [row[0] for row in rows] == families
    assert rows["proximity",]["level 1, generate"] == cell(2, 10)


def test_methods_demonstrations_and_conditions() -> None:
    assert found("Success by method")["chance",]["level 1, generate"] == cell(3, 10)
    assert "level 4, pairs, generate" in found("Success by method")["ours",]
    numbers = found("Numbers of demonstrations")
    assert numbers["1", "concepts", "ours"]["1 shown, generate"] == cell(4, 10)
    assert set(numbers) == {("1", "concepts", "ours")}  # others had five alone
    assert found("Disturbed demonstrations")["ours",]["wrong, generate"] == cell(6, 10)


def test_figures_and_numbers() -> None:
    assert found("Figures and numbers")["figure", "2", "zigzag"]["generate"] == cell(5, 10)


def test_the_arm_stands_beside_the_plane() -> None:
    rows = found("The arm and the plane")
    expected = {"generate, particle": cell(7, 10), "generate, arm": cell(9, 10)}
    assert rows["near",] == expected and set(rows) == {("near",), ("mean",)}  # the arm's alone
    care = found("The arm's care")[()]
    assert (care["task"], care["episodes"], care["off by [mm]"]) == ("generate", "10", "2.00")


def test_the_full_table_has_every_cell_and_its_command() -> None:
    table = full_table(some())
    assert table.header[6:-1] == ("ours", "chance")
    assert sum(c not in ("-",) for row in table.rows for c in row[6:-1]) == 11
    lines = {row[:6]: row[6:] for row in table.rows}
    line = lines["near", "generate", "1", "particle", "5", "plain"]
    assert line[:2] == (cell(7, 10), cell(3, 10))
    assert line[2] == (
        "`--concepts near --levels 1 --demonstrations 5 --conditions plain --worlds particle`"
    )


def test_tables_are_shown_and_written() -> None:
    console = Console(record=True, width=200)
    tables = [*make_tables(some()), full_table(some())]
    for table in tables:
        table.print(console)
        assert all(len(row) == len(table.header) for row in table.rows)
        assert table.markdown.startswith(f"### {table.title}\n\n| {table.header[0]}")
    text = console.export_text()
    assert cell(7, 10) in text and "off by [mm]" in text  # and not taken for markup


def test_a_table_in_markdown() -> None:
    table = Table(title="a", header=("b", "c"), rows=[("1", "2")], note="d")
    assert table.markdown == "### a\n\n| b | c |\n| --- | ---: |\n| 1 | 2 |\n\nd\n"
