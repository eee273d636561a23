"""Bad telemetry: every fault has its finding, and what is good beside it counts as if alone.

In each file of CASES one good reading of 100 and 7 tokens stands beside the bad one.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import charge, write_export
from hypothesis import given, settings
from hypothesis import strategies as st

import pertoken
from pertoken.engine import local_engine
from pertoken.errors import SourceError
from pertoken.hub import Hub
from pertoken.telemetry import recognised, unknown_counts, view_readings, view_usage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pertoken.engine import Engine

RESOURCE = "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.CognitiveServices/accounts/AOAI"
GOOD = 107
LOG = ("TimeGenerated", "CorrelationId", "DeploymentName", "PromptTokens", "CompletionTokens")


def plain(row: str, good: str = "2026-09-01T03:00:00Z,chat,100,7") -> str:
    return f"Time,Deployment,InputTokens,OutputTokens\n{row}\n{good}\n"


def gateway(row: str) -> str:
    return f"{','.join(LOG)}\n{row}\n2026-09-01T03:10:00Z,good,chat,100,7\n"


def calls(row: str) -> str:
    header = "TimeGenerated,DeploymentName,ResponseCode,Calls,PromptTokens,CompletionTokens"
    return f"{header}\n{row}\n2026-09-01T03:00:00Z,chat,200,2,100,7\n"


def monitor(row: str) -> str:
    return ("TimeStamp,ResourceId,ModelDeploymentName,ProcessedPromptTokens,InputTokens,"
            "GeneratedTokens,CachedTokens,ProvisionedUtilization\n"
            f"2026-09-01T03:00:00Z,{RESOURCE},{row}\n"
            f"2026-09-01T04:00:00Z,{RESOURCE},chat,100,0,7,,50\n")  # fmt: skip


def metric(value: object, *, time: str = "2026-09-01T03:00:00Z", **more: object) -> dict[str, Any]:
    return {
        "id": f"{RESOURCE}/providers/Microsoft.Insights/metrics/InputTokens",
        "name": {"value": "InputTokens"},
        "timeseries": [{
            "metadatavalues": [{"name": {"value": "modeldeploymentname"}, "value": "chat"}],
            "data": [{"timeStamp": time, "total": value},
                     {"timeStamp": "2026-09-01T04:00:00Z", "total": GOOD}],
        }],
        **more,
    }  # fmt: skip


def rest(value: object, **more: object) -> str:
    return json.dumps({"value": [metric(value) | more]})


def lite(**changes: object) -> str:
    good = {"request_id": "good", "startTime": "2026-09-01T03:10:00Z", "model": "azure/chat",
            "prompt_tokens": 100, "completion_tokens": 7}  # fmt: skip
    return json.dumps([good | {"request_id": "bad"} | changes, good])


def spans(*starts: object) -> str:
    counts = {"gen_ai.usage.input_tokens": "100", "gen_ai.usage.output_tokens": "7"}
    return json.dumps({"resourceSpans": [{"resource": None, "scopeSpans": [{"spans": [
        {"spanId": str(start), "startTimeUnixNano": start, "attributes": [
            {"key": "gen_ai.request.model", "value": {"stringValue": "chat"}},
            {"key": "nothing", "value": None},
            *({"key": key, "value": {"intValue": value}} for key, value in counts.items()),
        ]} for start in starts
    ]}]}]})  # fmt: skip


BROKEN_DIMENSIONS = (
    'timestamp,name,valueSum,customDimensions\n2026-09-01T03:10:00Z,Prompt Tokens,9,"{broken"\n'
    '2026-09-01T03:10:00Z,Prompt Tokens,107,"{""Deployment"": ""chat""}"\n'
)
NO_ZONE = "time without a zone, read as UTC"
NO_UTILISATION = "utilisation that cannot be true, left out"
CASES: dict[str, tuple[str, list[tuple[str, int]], int]] = {
    # counts
    "negative": (plain("2026-09-01T03:00:00Z,chat,-5,7"), [("negative count", 1)], 0),
    "negative in a metric": (rest(-5.0), [("negative count", 1)], 0),
    "negative calls": (calls("2026-09-01T03:00:00Z,chat,200,-1,1,1"), [("negative count", 1)], 0),
    "above any hour": (plain("2026-09-01T03:00:00Z,chat,10000000000001,7"), [("huge count", 1)], 0),
    "1e30": (plain("2026-09-01T03:00:00Z,chat,1e30,7"), [("huge count", 1)], 0),
    "1e30 in JSON": (lite(prompt_tokens=1e30), [("huge count", 1)], 0),
    "more than 64 bits": (
        plain("2026-09-01T03:00:00Z,chat,99999999999999999999,7"), [("huge count", 1)], 0,
    ),
    "infinite": (rest(float("inf")), [("huge count", 1)], 0),
    "huge calls": (calls("2026-09-01T03:00:00Z,chat,200,1e17,1,1"), [("huge count", 1)], 0),
    "NaN": (plain("2026-09-01T03:00:00Z,chat,NaN,7"), [("unreadable count", 1)], 0),
    "NaN in a metric": (rest(float("nan")), [("unreadable count", 1)], 0),
    "a word": (rest("many"), [("unreadable count", 1)], 0),
    "an object": (rest({"a": 1}), [("unreadable count", 1)], 0),
    "a list": (lite(prompt_tokens=[1]), [("unreadable count", 1)], 0),
    "a word of one family beside zeros of the other": (
        monitor("chat,many,0,7,,"), [("unreadable count", 1)], 0,
    ),
    "calls that are a word": (
        calls("2026-09-01T03:00:00Z,chat,200,many,1,1"), [("unreadable count", 1)], 0,
    ),
    "a whole number as a float": (plain("2026-09-01T03:00:00Z,chat,50.0,1e1"), [], 60),
    "a whole metric as a float": (rest(12345678901.0), [], 12345678901),
    "no tokens": (plain("2026-09-01T03:00:00Z,chat,,"), [("no tokens", 1)], 0),
    "more cached than input": (
        monitor("chat,100,0,7,101,"), [("more cached than input tokens", 1)], 0,
    ),
    # mixed units
    "thousands as a fraction": (
        plain("2026-09-01T03:00:00Z,chat,1.5,7"), [("fraction of a token", 1)], 0,
    ),
    "thousands as a fraction in a metric": (rest(50.5), [("fraction of a token", 1)], 0),
    "thousands as a suffix": (
        plain("2026-09-01T03:00:00Z,chat,12K,7"), [("unreadable count", 1)], 0,
    ),
    "thousands with a comma": (
        plain('2026-09-01T03:00:00Z,chat,"1,234",7'), [("unreadable count", 1)], 0,
    ),
    "utilisation as a word": (monitor("chat,50,0,7,,half"), [(NO_UTILISATION, 1)], 57),
    "utilisation far above the whole": (monitor("chat,50,0,7,,4000"), [(NO_UTILISATION, 1)], 57),
    "utilisation below nothing": (monitor("chat,50,0,7,,-1"), [(NO_UTILISATION, 1)], 57),
    # clocks
    "the future": (plain("2199-09-01T03:00:00Z,chat,5,7"), [("wrong clock", 1)], 0),
    "epoch 0": (plain("1970-01-01T00:00:00Z,chat,5,7"), [("wrong clock", 1)], 0),
    "local time without a zone": (plain("2026-09-01T03:00:00,chat,5,7"), [(NO_ZONE, 1)], 12),
    "a day has no zone": (plain("2026-09-01,chat,5,7"), [], 12),
    "another zone": (plain("2026-09-01T16:00:00+13:00,chat,5,7"), [], 12),
    "seconds since 1970": (plain("1788231600,chat,5,7"), [("unreadable time", 1)], 0),
    "milliseconds for seconds": (lite(startTime=1788231600000), [("unreadable time", 1)], 0),
    "seconds for nanoseconds": (
        spans("1788231600", "1788231600000000000"), [("wrong clock", 1)], 0,
    ),
    "no day of the month": (plain("2026-09-31T03:00:00Z,chat,5,7"), [("unreadable time", 1)], 0),
    "the month before the day, or after": (
        plain("09/01/2026 03:00,chat,5,7"), [("unreadable time", 1)], 0,
    ),
    "no time": (rest(5).replace("03:00:00Z", "63:00:00Z"), [("unreadable time", 1)], 0),
    # deliveries
    "the same total twice": (
        plain("2026-09-01T03:00:00Z,chat,100,7"), [("delivered twice", 1)], 0,
    ),
    "the same call twice": (
        gateway("2026-09-01T03:10:00Z,good,chat,100,7"), [("delivered twice", 1)], 0,
    ),
    "the same call, first without its output": (
        gateway("2026-09-01T03:10:00Z,good,chat,100,"), [("delivered twice", 1)], 0,
    ),
    "an hour of two answers, first half full": (
        json.dumps([{"value": [metric(40, time="2026-09-01T04:00:00Z")]}, {"value": [metric(1)]}]),
        [], 1,
    ),
    "a call without an id twice is two": (gateway("2026-09-01T03:10:00Z,,chat,5,7"), [], 12),
    # places
    "metadata of another shape": (lite(metadata={"usage_object": [1]}), [], GOOD),
    "details of another shape": (
        lite(metadata={"usage_object": {"prompt_tokens_details": 5}}), [], GOOD,
    ),
    "an address that is none": (lite(api_base="https://[x"), [], GOOD),
    "no deployment": (plain("2026-09-01T03:00:00Z,,5,7"), [("no deployment", 1)], 0),
    "broken dimensions": (
        BROKEN_DIMENSIONS,
        [("no deployment", 1)], 0,
    ),
    "a status in words": (calls("2026-09-01T03:00:00Z,chat,OK,1,5,7"), [], 12),
    "a status that nobody knows": (
        calls("2026-09-01T03:00:00Z,chat,perhaps,1,5,7"), [("unreadable status", 1)], 0,
    ),
}  # fmt: skip


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = local_engine(threads=1)
    yield engine
    engine.close()


def read(engine: Engine, path: Path) -> tuple[list[dict[str, Any]], list[tuple[str, int]]]:
    file = recognised(path)
    assert file is not None
    view_readings(engine, file)
    since, until = datetime(2020, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    findings = view_usage(engine, file, since=since, until=until)
    rows = engine.arrow('SELECT * FROM new_usage ORDER BY "Hour"').to_pylist()
    return rows, [(each.reason, each.rows) for each in findings]


def tokens(rows: list[dict[str, Any]]) -> int:
    kinds = ("InputTokens", "CacheReadTokens", "CacheWriteTokens", "OutputTokens")
    return sum(row[kind] or 0 for row in rows for kind in kinds)


@pytest.mark.parametrize("case", CASES)
def test_a_bad_reading_has_its_finding_and_harms_no_other(
    engine: Engine, tmp_path: Path, case: str
) -> None:
    text, findings, more = CASES[case]
    (tmp_path / "telemetry").write_text(text, "utf-8")
    rows, found = read(engine, tmp_path / "telemetry")
    assert found == findings
    assert tokens(rows) == GOOD + more


def test_a_number_as_time_in_parquet_is_no_time(engine: Engine, tmp_path: Path) -> None:
    table = pa.table({"Time": [1788231600000], "Deployment": ["chat"], "InputTokens": [5],
                      "OutputTokens": [7]})  # fmt: skip
    pq.write_table(table, tmp_path / "t.parquet")
    assert read(engine, tmp_path / "t.parquet") == ([], [("unreadable time", 1)])


@pytest.mark.parametrize(
    "text",
    [
        "Time,Deployment,InputTokens,OutputTokens\n",
        f"{','.join(LOG)},SequenceNumber\n2026-09-01T03:10:00Z,c1,chat,100,7,1\n",
        json.dumps({"value": [metric(1) | {"timeseries": []}]}),
    ],
    ids=["a header", "chunks of messages", "a metric without series"],
)
def test_a_file_without_a_reading_says_so(engine: Engine, tmp_path: Path, text: str) -> None:
    (tmp_path / "t").write_text(text, "utf-8")
    assert read(engine, tmp_path / "t") == ([], [("no readings", 0)])


def test_an_hour_with_more_cached_than_input_tokens_keeps_its_input(
    engine: Engine, tmp_path: Path
) -> None:
    """Of series that are stated apart no reading is wrong; what is cached is not known then."""
    cached = metric(500, name={"value": "CachedTokens"})
    (tmp_path / "m").write_text(json.dumps({"value": [metric(100), cached]}), "utf-8")
    rows, found = read(engine, tmp_path / "m")
    assert found == [("more cached than input tokens in an hour, cached left out", 1)]
    assert [
        (row["InputTokens"], row["CacheReadTokens"], row["InputIncludesCached"]) for row in rows
    ] == [(100, None, True), (0, GOOD, False)]


TABLE = {"tables": [{"columns": [{"name": name} for name in LOG],
                     "rows": [["2026-09-01T03:10:00Z", "c", "chat", 100, 7]]}]}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lite()[:-40].encode(), "cannot be read"),
        (gzip.compress(lite().encode())[:-9], "cannot be read"),
        (json.dumps(TABLE | {"error": {"code": "PartialError"}}).encode(), "only a part"),
        (rest(1, errorCode="InternalServerError").encode(), "the metric InputTokens failed"),
        (json.dumps({"value": [metric(1) | {"timeseries": 5}]}).encode(), "not in the shape"),
        (json.dumps({"tables": [{**TABLE["tables"][0], "rows": [None]}]}).encode(), "in the shape"),
    ],
    ids=["broken JSON", "a gzip file cut off", "a part of a result", "a metric that failed",
         "another shape", "a row that is none"],
)  # fmt: skip
def test_a_file_that_is_not_whole_is_refused(
    engine: Engine, tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "t").write_bytes(content)
    with pytest.raises(SourceError, match=words) as refused:
        read(engine, tmp_path / "t")
    assert len(str(refused.value).splitlines()) == 3


def test_one_broken_file_of_a_folder_harms_no_other(tmp_path: Path) -> None:
    """Refused files are problems; the others are committed, and the same folder again is known."""
    folder = tmp_path / "telemetry"
    folder.mkdir()
    (folder / "good.csv").write_text(plain("2026-09-02T03:00:00Z,chat,1,1"), "utf-8")
    (folder / "short.csv").write_text(plain("2026-09-01T03:00:00Z,chat,5"), "utf-8")
    (folder / "open.csv").write_text(plain('"2026-09-01T03:00:00Z,chat,5,7'), "utf-8")
    (folder / "latin.csv").write_bytes(plain("2026-09-01T03:00:00Z,ch\xe4t,5,7").encode("latin-1"))
    (folder / "cut.csv.gz").write_bytes(gzip.compress(plain("2026-09-01,chat,5,7").encode())[:-9])
    (folder / "broken.json").write_text(lite()[:-9], "utf-8")
    (folder / "empty.csv").touch()
    (folder / "other.csv").write_text("a,b\n1,2\n", "utf-8")
    (folder / "unknown.csv").write_text("when_time,model,total_tokens\n1,2,3\n", "utf-8")
    hub = pertoken.open(tmp_path / "hub")
    report = hub.ingest(folder).report
    assert sorted(str(each).split(" ")[0].rpartition("/")[2] for each in report.problems) == [
        "broken.json", "cut.csv.gz", "latin.csv", "open.csv", "short.csv",
    ]  # fmt: skip
    assert [(each.reason, each.example) for each in report.usage_findings] == [
        ("columns of tokens, and of no known source (docs/telemetry.md)", "total_tokens")
    ]
    assert (report.usage_files, report.usage_rows, report.usage_known) == (1, 2, 0)
    again = hub.ingest(folder / "good.csv").report
    assert (again.usage_files, again.usage_known, again.commit_id) == (0, 1, "")
    hub.close()


def test_the_same_request_in_two_files_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(gateway("2026-09-01T03:10:00Z,first,chat,5,7"), "utf-8")
    (tmp_path / "b.csv").write_text(gateway("2026-09-01T03:50:00Z,later,chat,1,1"), "utf-8")
    hub = pertoken.open(tmp_path / "hub")
    hub.ingest(tmp_path / "a.csv", tmp_path / "b.csv")
    engine = local_engine(threads=1)
    Hub(tmp_path / "hub").snapshot(engine).view(engine, "usage")
    rows = engine.arrow("SELECT * FROM usage").to_pylist()
    assert tokens(rows) == GOOD + 12 + 2
    engine.close()
    hub.close()


def test_telemetry_of_an_unknown_resource_is_named_and_costs_stay(tmp_path: Path) -> None:
    write_export(tmp_path / "exports", [charge()])
    (tmp_path / "t.csv").write_text(
        "Time,ResourceName,Deployment,InputTokens,OutputTokens\n2026-01-01T04:00:00Z,nobody,x,9,9\n",
        "utf-8",
    )
    hub = pertoken.open(tmp_path / "hub")
    before = hub.ingest(tmp_path / "exports")
    result = hub.ingest(tmp_path / "t.csv")
    assert before.card is not None
    assert result.card is not None
    assert result.card.totals == before.card.totals
    words = "1 resource has telemetry and no AI charge, such as nobody"
    assert words in [finding.text for finding in result.card.findings]
    costs = [row["EffectiveCost"] for row in hub.attribute(by=["Deployment"]).to_dicts()]
    assert sum(costs, Decimal(0)) == before.card.totals[0].effective_cost
    hub.close()


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Timestamp,model,total_tokens\n", ("total_tokens",)),
        ('[{"created_time": 1, "promptTokens": 2}]', ("promptTokens",)),
        ("Timestamp,total_tokens,BilledCost\n", ()),
        ("model,total_tokens\n", ()),
        ("date,conversations\n", ()),
        ("", ()),
    ],
)
def test_counts_of_no_known_source_are_seen(
    tmp_path: Path, text: str, columns: tuple[str, ...]
) -> None:
    (tmp_path / "t").write_text(text, "utf-8")
    assert recognised(tmp_path / "t") is None
    assert unknown_counts(tmp_path / "t") == columns


def test_a_file_is_known_by_its_header_alone(tmp_path: Path) -> None:
    """The 64 KB that are looked at may end inside a letter."""
    rows = "".join(f"2026-09-01T03:00:00Z,{'ä' * 31}{number % 10},1,1\n" for number in range(1200))
    for shift in range(2):
        path = tmp_path / f"{shift}.csv"
        path.write_text(f"Time,Deployment,InputTokens,OutputTokens{' ' * shift}\n{rows}", "utf-8")
        assert recognised(path) is not None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)
FIELDS = ("prompt_tokens", "completion_tokens", "startTime", "model", "api_base", "status_code",
          "cached_tokens", "metadata", "team_id")  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(FIELDS), ANYTHING)
def test_nothing_that_json_can_hold_harms_the_reading_beside_it(
    tmp_path_factory: pytest.TempPathFactory, field: str, value: object
) -> None:
    path = tmp_path_factory.mktemp("any") / "t.json"
    path.write_text(lite(end_user="bad", **{field: value}), "utf-8")
    engine = local_engine(threads=1)
    try:
        rows, _ = read(engine, path)
    finally:
        engine.close()
    assert tokens([row for row in rows if row["Customer"] is None]) == GOOD
