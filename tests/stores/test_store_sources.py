"""Exports in a store: the same hub as from a local folder, and nothing read twice.

The servers are real, on loopback; each logs its requests, which are counted here.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import obstore
import pytest
from builders import ACCOUNT, charge, edit_manifest, parts_of, run_pertoken, write_export
from servers import sas

from pertoken.api import Hub
from pertoken.errors import ConfigError, StoreError
from pertoken.stores import StoreFile, StorePath, files_below, kept_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers import Server

AMBIENT = {
    "AZURE_STORAGE_TOKEN": "another",
    "AZURE_STORAGE_USE_EMULATOR": "true",
    "AWS_SESSION_TOKEN": "another",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_PROFILE": "none",
}
OTHER = "/providers/microsoft.billing/billingaccounts/2"


def write_exports(folder: Path) -> Path:
    """Four runs in two formats: a month restated, another scope, and a run that lacks a part."""
    write_export(folder, [charge(tokens=1000)], submitted="2026-02-02T06:00:00Z")
    write_export(folder, [charge(tokens=3000)], submitted="2026-02-20T06:00:00Z")
    rows = [charge(month="2026-02", day=day, BillingAccountId=OTHER) for day in (1, 2)]
    write_export(folder, rows, scope=OTHER, month="2026-02", submitted="2026-03-02T06:00:00Z")
    broken = write_export(folder, rows, scope=OTHER, month="2026-02", submitted="2026-03-20T06:00Z")
    parts_of(broken)[0].unlink()
    return folder


def answers(hub: Path) -> list[object]:
    """What a hub says, without the paths of its runs."""
    read = Hub(hub)
    runs = [row | {"Path": ""} for row in read.runs().to_dicts()]
    return [read.periods().to_dicts(), read.matrix(["SkuMeter"]).to_dicts(), runs]


def part_reads(store: Server) -> list[str]:
    """The paths of parts that were read until now."""
    return [
        each.path
        for each in store.requests()
        if each.method == "GET" and "part" in each.path.rpartition("/")[2]
    ]


def test_a_store_gives_the_same_hub_as_a_local_folder_and_no_part_is_read_twice(
    store: Server, bucket: str, tmp_path: Path
) -> None:
    """Every reason of a refusal is the same too."""
    exports = write_exports(tmp_path / "exports")
    store.upload(exports, bucket, "bills/2026")
    Hub(tmp_path / "local").ingest(exports)
    url, hub = f"{store.scheme}://{bucket}/bills", tmp_path / "hub"
    before = len(part_reads(store))
    first = run_pertoken("ingest", url, hub=hub)
    assert first.returncode == 2, first.stderr
    assert answers(tmp_path / "local") == answers(hub)
    whole = [path for path in part_reads(store)[before:] if f"/{bucket}/" in path]
    assert len(whole) == len(set(whole)) == 3
    again = run_pertoken("ingest", url, hub=hub)
    assert again.returncode == 2, again.stderr
    assert len(part_reads(store)) == before + 3
    assert all(run["Path"].startswith(url) for run in Hub(hub).runs().to_dicts())
    assert not list((tmp_path / "cache").glob("scratch-*"))


def test_a_new_run_alone_is_read(store: Server, bucket: str, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    write_export(exports, [charge()])
    store.upload(exports, bucket)
    hub = Hub(tmp_path / "hub")
    hub.ingest(f"{store.scheme}://{bucket}")
    before = len(part_reads(store))
    shutil.rmtree(exports)
    write_export(exports, [charge(month="2026-02")], month="2026-02")
    store.upload(exports, bucket)
    hub.ingest(f"{store.scheme}://{bucket}")
    assert len(part_reads(store)) == before + 1
    assert len(hub.periods()) == 2


def test_files_named_by_their_url_are_read_as_local_ones(
    store: Server, bucket: str, tmp_path: Path
) -> None:
    """Charges, invoices and telemetry; one that is unchanged is not downloaded again."""
    files = tmp_path / "files"
    run = write_export(tmp_path / "exports", [charge()])
    files.mkdir()
    shutil.copy(parts_of(run)[0], files / "focus charges.csv")
    (files / "invoices.csv").write_text("BillingMonth,BillingCurrency,Amount\n2026-01,USD,2.50\n")
    (files / "calls.csv").write_text(
        "Time,Deployment,InputTokens,OutputTokens\n2026-01-01T10:00:00Z,chat,1000,50\n"
    )
    store.upload(files, bucket, "files")
    urls = [f"{store.scheme}://{bucket}/files/{path.name}" for path in sorted(files.iterdir())]
    hubs = [tmp_path / "hub", tmp_path / "local"]
    done = [
        run_pertoken("ingest", *sources, hub=hub)
        for sources, hub in zip((urls, sorted(files.iterdir())), hubs, strict=True)
    ]
    assert [each.returncode for each in done] == [0, 0], done
    assert "Telemetry: 1 new file, 1 hour of usage." in done[0].stderr
    shown = [[(row["Path"], row["Status"]) for row in Hub(hub).runs().to_dicts()] for hub in hubs]
    assert sorted(shown[0]) == [
        (urls[0], "reference"), (urls[1], "applied"), (urls[2], "reference"),
    ]  # fmt: skip
    assert [status for _, status in shown[1]] == [status for _, status in shown[0]]
    assert Hub(hubs[0]).periods().to_dicts() == Hub(hubs[1]).periods().to_dicts()
    before = len([each for each in store.requests() if each.method == "GET"])
    assert run_pertoken("ingest", *urls, hub=hubs[0]).returncode == 0
    listed = [each for each in store.requests() if each.method == "GET"][before:]
    assert not [each for each in listed if "/files/" in each.path and "list" not in each.path]


def test_a_manifest_named_by_its_url_is_one_run(store: Server, bucket: str, tmp_path: Path) -> None:
    run = write_export(tmp_path / "exports", [charge()])
    write_export(tmp_path / "exports", [charge(month="2026-02")], month="2026-02")
    store.upload(tmp_path / "exports", bucket)
    key = (run / "manifest.json").relative_to(tmp_path / "exports").as_posix()
    result = Hub(tmp_path / "hub").ingest(f"{store.scheme}://{bucket}/{key}")
    assert [row["Status"] for row in result.to_dicts()] == ["applied"]


def test_parts_of_one_run_at_a_time_are_kept_when_the_cache_is_small(
    azure: Server, tmp_path: Path, environment: Callable[..., None]
) -> None:
    azure.make_bucket("small")
    exports = write_exports(tmp_path / "exports")
    azure.upload(exports, "small")
    environment(PERTOKEN_CACHE_GB="0.000000001")
    done = run_pertoken("ingest", "az://small", hub=tmp_path / "hub")
    assert done.returncode == 2, done.stderr
    Hub(tmp_path / "local").ingest(exports)
    assert answers(tmp_path / "local") == answers(tmp_path / "hub")


def test_a_sas_reads_and_is_shown_nowhere(
    azure: Server, tmp_path: Path, environment: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.make_bucket("signed")
    write_export(tmp_path / "exports", [charge()])
    azure.upload(tmp_path / "exports", "signed")
    token = sas("rl")
    monkeypatch.delenv("PERTOKEN_AZURE_ACCOUNT_KEY")
    environment(PERTOKEN_AZURE_SAS_TOKEN=f"?{token}")
    done = run_pertoken("ingest", "az://signed", hub=tmp_path / "hub")
    assert done.returncode == 0, done.stderr
    signature = token.partition("sig=")[2].partition("&")[0]
    environment(PERTOKEN_AZURE_SAS_TOKEN=token.replace("sp=rl", "sp=r"))
    refused = run_pertoken("ingest", "az://signed", hub=tmp_path / "hub")
    assert refused.returncode == 1
    assert refused.stderr.startswith("az://signed cannot be looked for:") or (
        refused.stderr.startswith("az://signed cannot be listed:")
    )
    assert len(refused.stderr.splitlines()) == 3
    runs = json.dumps(Hub(tmp_path / "hub").runs().to_dicts(), default=str)
    for text in (done.stdout, done.stderr, refused.stdout, refused.stderr, runs):
        assert signature not in text


def test_variables_of_the_clouds_own_tools_count_for_nothing(
    store: Server, bucket: str, tmp_path: Path, environment: Callable[..., None]
) -> None:
    write_export(tmp_path / "exports", [charge()])
    store.upload(tmp_path / "exports", bucket)
    environment(**AMBIENT)
    done = run_pertoken("ingest", f"{store.scheme}://{bucket}", hub=tmp_path / "hub")
    assert done.returncode == 0, done.stderr


def test_a_container_that_is_not_there_is_an_error_of_three_lines(
    store: Server, tmp_path: Path
) -> None:
    done = run_pertoken("ingest", f"{store.scheme}://nowhere", hub=tmp_path / "hub")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 3)
    assert f"{store.scheme}://nowhere cannot be listed" in done.stderr
    assert not (tmp_path / "hub" / "runs").exists()


def test_a_place_without_manifests_is_a_problem_as_a_local_folder_is(
    store: Server, bucket: str, tmp_path: Path
) -> None:
    obstore.put(store.client(bucket), "notes/readme.md", b"nothing")
    done = run_pertoken("ingest", f"{store.scheme}://{bucket}/notes", hub=tmp_path / "hub")
    assert done.returncode == 2
    assert f"{store.scheme}://{bucket}/notes holds no manifest.json." in done.stderr


def test_a_file_that_changed_since_it_was_listed_is_not_taken(store: Server, bucket: str) -> None:
    client = store.client(bucket)
    obstore.put(client, "a.csv", b"first")
    (listed,) = files_below(StorePath.of(f"{store.scheme}://{bucket}"))
    obstore.put(client, "a.csv", b"other")
    with pytest.raises(StoreError, match="changed or broke off"):
        kept_files([listed])
    (now,) = files_below(StorePath.of(f"{store.scheme}://{bucket}"))
    assert kept_files([now])[0].read_bytes() == b"other"


def test_names_with_blanks_and_signs_are_read(store: Server, bucket: str) -> None:
    client = store.client(bucket)
    content = {"a b/ü 100%.csv": b"one", "a b/c%20d.csv": b"two", "a b/=+&.csv": b"three"}
    for key, each in content.items():
        obstore.put(client, key, each)
    listed = files_below(StorePath.of(f"{store.scheme}://{bucket}/a b"))
    assert {file.path.key for file in listed} == set(content)
    copies: list[tuple[StoreFile, Path]] = list(zip(listed, kept_files(listed), strict=True))
    assert {file.path.key: path.read_bytes() for file, path in copies} == content


def test_a_part_of_another_size_is_refused_by_the_list_alone(
    store: Server, bucket: str, tmp_path: Path
) -> None:
    run = write_export(tmp_path / "exports", [charge()])
    edit_manifest(run, lambda manifest: manifest["blobs"][0].update(byteCount=7))
    store.upload(tmp_path / "exports", bucket)
    before = len(part_reads(store))
    result = Hub(tmp_path / "hub").ingest(f"{store.scheme}://{bucket}")
    (row,) = result.to_dicts()
    assert row["Status"] == "refused"
    assert "the manifest says 7" in row["Reason"]
    assert len(part_reads(store)) == before


def test_a_missing_credential_says_what_to_set(
    environment: Callable[..., None], tmp_path: Path
) -> None:
    environment()
    with pytest.raises(ConfigError) as refused:
        Hub(tmp_path / "hub").ingest(f"abfss://bills@contoso.dfs.core.windows.net/{ACCOUNT}")
    assert "PERTOKEN_AZURE_SAS_TOKEN" in refused.value.action
    done = run_pertoken("ingest", "s3://bills", hub=tmp_path / "hub")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 3)
    assert "PERTOKEN_S3_ACCESS_KEY_ID" in done.stderr
