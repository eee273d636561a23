"""A Power BI project holds together: names, references, indentation, schemas, bytes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pertoken.integrations.powerbi import ProjectFacts, project_files, project_model, write_project
from pertoken.integrations.powerbi.model import dax_name, unique_names
from pertoken.integrations.powerbi.tmdl import tmdl_name

GOLDEN = Path(__file__).parent / "golden" / "powerbi"
SHARED = Path(__file__).parents[3] / "shared"
HOSTILE = (
    "team",
    "cost-center",
    "it's",
    "Env",
    "env",
    "a.b = c: d",
    'say "hi"',
    "[x]",
    "line\nend",
    "größe 価格 🏷",
    "'; DROP\ttable",
)
FACTS = {
    "both": ProjectFacts("C:\\hub", "C:\\tables", HOSTILE, budgets=True),
    "bill": ProjectFacts("https://contoso.dfs.core.windows.net/finops/hub", None),
    "bill and budgets": ProjectFacts("hub", "tables", attribution=False, budgets=True),
    "audience": ProjectFacts(None, "tables", budgets=True),
    "audience without budgets": ProjectFacts(None, "tables"),
}
_OBJECT = re.compile(
    r"(table|column|measure|hierarchy|level|partition|expression|relationship|role|"
    r"tablePermission|annotation|model|database)\b"
)
_PROPERTIES = {
    "dataType", "isHidden", "isKey", "formatString", "lineageTag", "summarizeBy", "sourceColumn",
    "sortByColumn", "displayFolder", "dataCategory", "column", "mode", "source", "culture",
    "defaultPowerBIDataSourceVersion", "discourageImplicitMeasures", "sourceQueryCulture",
    "compatibilityLevel", "fromColumn", "toColumn", "modelPermission",
}  # fmt: skip


@pytest.fixture(params=FACTS)
def facts(request: pytest.FixtureRequest) -> ProjectFacts:
    return FACTS[request.param]


def _tmdl(facts: ProjectFacts) -> dict[str, str]:
    return {name: text for name, text in project_files(facts).items() if name.endswith(".tmdl")}


def test_every_line_stands_below_its_object(facts: ProjectFacts) -> None:
    """Tabs for depth, at most one deeper than the object, known properties only."""
    for name, text in _tmdl(facts).items():
        owner, expression = -1, None
        for line in text.splitlines():
            depth = len(line) - len(line.lstrip("\t"))
            word = line.strip("\t")
            if not word or word.startswith(("///", "ref ")):
                continue
            if expression is not None and depth >= expression + 2:
                continue
            expression = depth if word.endswith(" =") else None
            if _OBJECT.match(word) and not re.match(r"\w+:", word):
                assert depth <= owner + 1, (name, line)
                owner = depth
            else:
                assert depth <= owner + 1, (name, line)
                owner = min(owner, depth - 1)
                assert re.split(r"[: =]", word)[0] in _PROPERTIES, (name, line)


def test_names_are_unique_and_tags_differ(facts: ProjectFacts) -> None:
    model = project_model(facts)
    tables = [table.name.casefold() for table in model.tables]
    assert len(set(tables)) == len(tables)
    assert "measures" not in tables  # Analysis Services keeps the word for itself
    measures = [
        name.casefold() for table in model.tables for name in (m.name for m in table.measures)
    ]
    assert len(set(measures)) == len(measures)
    for table in model.tables:
        own = [each.name.casefold() for each in (*table.columns, *table.measures)]
        assert len(set(own)) == len(own), table.name
    lineage = re.findall(r"lineageTag: (\S+)", "".join(_tmdl(facts).values()))
    assert len(set(lineage)) == len(lineage)


def test_every_reference_of_the_model_exists(facts: ProjectFacts) -> None:
    model = project_model(facts)
    columns, measures = model.columns(), model.measures()
    for each in model.relationships:
        assert {each.many, each.one} <= columns
    for table in model.tables:
        own = {column.name for column in table.columns}
        assert {column.sort_by for column in table.columns} - {None} <= own
        for hierarchy in table.hierarchies:
            assert set(hierarchy.columns) <= own
    known = {dax_name(*each) for each in columns} | {
        f"{table}[{column}]" for table, column in columns if " " not in table
    }
    names = {table.name for table in model.tables}
    texts = [measure.dax for table in model.tables for measure in table.measures]
    texts += [dax for role in model.roles for _, dax in role.filters]
    assert {table for role in model.roles for table, _ in role.filters} <= names
    for dax in texts:
        bare = re.sub(r'"[^"]*"', '""', dax)
        assert bare.count("(") == bare.count(")")
        for quoted, word, column in re.findall(r"(?:'([^']+)'|(\b\w+))?\[([^\]]+)\]", bare):
            if quoted or word:
                assert f"{word}[{column}]" in known or dax_name(quoted, column) in known, dax
            else:
                assert column in measures, dax


def test_every_query_is_balanced_and_uses_what_exists(facts: ProjectFacts) -> None:
    model = project_model(facts)
    shared = {each.name for each in model.expressions} | {table.name for table in model.tables}
    for table in model.tables:
        bare = re.sub(r'#?"(?:[^"]|"")*"', '""', table.query)
        for opening, closing in ("()", "{}", "[]"):
            assert bare.count(opening) == bare.count(closing), table.name
        used = set(re.findall(r'#"([^"]+)"', table.query)) - {"Month name"}
        used |= {name for name in ("HubFiles", "TableFiles", "TeamMembers") if name in bare}
        assert used <= shared, table.name


def test_every_field_of_the_report_is_in_the_model(facts: ProjectFacts) -> None:
    model, seen = project_model(facts), 0
    columns = model.columns()
    measures = {(table, name) for name, table in model.measures().items()}
    for name, text in project_files(facts).items():
        if not name.endswith("visual.json"):
            continue
        query = json.loads(text)["visual"]["query"]["queryState"]
        for role in query.values():
            for projection in role["projections"]:
                ((kind, field),) = projection["field"].items()
                place = (field["Expression"]["SourceRef"]["Entity"], field["Property"])
                assert place in (measures if kind == "Measure" else columns), (name, place)
                seen += 1
    assert seen > 20


def test_names_are_quoted_where_tmdl_asks_for_it() -> None:
    assert tmdl_name("x_MeterKey") == "x_MeterKey"
    assert tmdl_name("Tags.it's") == "'Tags.it''s'"
    assert tmdl_name("a = b") == "'a = b'"
    assert unique_names(["Env", "ENV "]) == {"Env": "Env", "ENV ": "ENV (2)"}


def test_spellings_of_a_tag_that_differ_in_case_are_one_column() -> None:
    tags = next(table for table in project_model(FACTS["both"]).tables if table.name == "Tags")
    names = [column.name for column in tags.columns]
    assert names.count("Tags.Env") == 1
    assert "Tags.env" not in names


def test_an_audience_has_no_way_to_the_hub_or_to_prices() -> None:
    text = "".join(project_files(FACTS["audience"]).values())
    assert "HubFolder" not in text
    assert not re.search(r"ListCost|Contracted|ListQuantity", text)


def test_a_person_of_a_team_sees_no_budget_of_another() -> None:
    (role,) = project_model(FACTS["both"]).roles
    hidden = dict(role.filters)
    assert hidden["Budgets"] == hidden["Teams"].replace("Teams[", "Budgets[")
    assert "USERPRINCIPALNAME()" in hidden["Budgets"]


def test_a_budget_is_blank_over_several_budgets_or_currencies() -> None:
    tables = project_model(FACTS["both"]).tables
    measures = {each.name: each.dax for table in tables for each in table.measures}
    for name in ("Budget", "Cost against budget", "Budget of known months"):
        assert "HASONEVALUE('Budgets'[Budget])" in measures[name]
        assert "HASONEVALUE('Budgets'[BillingCurrency])" in measures[name]
    assert "SUM(" not in measures["Variance to budget"]


def test_a_project_in_the_cloud_needs_no_gateway() -> None:
    assert "Folder.Contents" not in "".join(project_files(FACTS["bill"]).values())
    assert "Folder.Contents" in "".join(project_files(FACTS["both"]).values())


def test_the_same_facts_give_the_golden_bytes(request: pytest.FixtureRequest) -> None:
    """The model of one project, whole; a change is reviewed as a difference of these files."""
    del request
    made = {Path(name).name: text for name, text in _tmdl(FACTS["both"]).items()}
    held = {path.name: path.read_text("utf-8") for path in GOLDEN.glob("*.tmdl")}
    assert made == held
    assert project_files(FACTS["both"]) == project_files(FACTS["both"])


def test_an_independent_reader_sees_the_same_model(facts: ProjectFacts, tmp_path: Path) -> None:
    parser = pytest.importorskip("tmdl_parser", reason="powerbi-tmdl-tools is not installed")
    write_project(tmp_path, project_files(facts))
    tables = tmp_path / "pertoken.SemanticModel" / "definition" / "tables"
    for table in project_model(facts).tables:
        read = json.dumps(parser.parse_tmdl(str(tables / f"{table.name}.tmdl")))
        for each in (*table.columns, *table.measures):
            assert json.dumps(each.name)[1:-1].replace("'", "") in read.replace("'", ""), each.name


def test_the_report_keeps_the_published_schemas(facts: ProjectFacts, tmp_path: Path) -> None:
    check = SHARED / "checks" / "check_pbir.py"
    if not check.is_file():
        pytest.skip(f"the checker of Power BI reports is not at {check}")
    write_project(tmp_path, project_files(facts))
    done = subprocess.run(
        [sys.executable, check, tmp_path / "pertoken.Report", SHARED / "data" / "powerbi-schemas"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
