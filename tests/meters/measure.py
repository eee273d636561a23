"""Measures the meter grammar; docs/meters.md holds the figures and the commands.

    python tests/meters/measure.py scores|left-out|throughput|prices FOLDER

FOLDER holds meters_dev.csv and price_sheet_dev.csv; throughput needs none.
"""

import csv
import hashlib
import itertools
import random
import sys
import time
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pertoken.meters
from pertoken.meters import Meter, MeterName, classify_all, models
from pertoken.meters.price_relations import PricedMeter, price_pairs, price_suspicions

FIELDS = (
    *("provider_model", "model_version", "direction", "modality", "deployment_scope"),
    *("service_tier", "context_tier", "unit", "tokens_per_unit"),
)
USES = {"Training", "Hosting", "Tool", "Storage", "Capacity"}
CACHE = {"Read": "cached_input", "Write": "cache_write"}
NOTHING = {"", "unknown", "none"}
SPELLINGS = (
    ("", "ShortCo", "LongCo", "ShCo", "LoCo"),
    ("", "Batch", "pp", "PP", "prty", "Flex", "Fl", "Std", "ft", "FT", "dev ft"),
    ("Inp", "inp", "Input", "inpt", "in", "Outp", "opt", "Output", "outpt", "cd inp", "Cd Wr"),
    ("glbl", "Gl", "global", "glb", "DZ", "Dz", "DZone", "Data Zone", "regnl", "rgnl", "rg"),
)
MODELS = {
    "gpt 4.1 mini": "Azure OpenAI",
    "gpt-4o-0806": "Azure OpenAI",
    "GPT 5 Nano": "Azure OpenAI GPT5",
    "5.6 sol": "Azure OpenAI GPT5",
    "o3 0416": "Azure OpenAI Reasoning",
    "gpt rt 1.5 aud": "Azure OpenAI Media",
    "V3.2": "Azure Deepseek Models",
    "4.6": "Azure Grok Models",
    "FW GLM 5.2": "Azure Fireworks Models",
    "Llama 3.3 70B": "Azure Llama Models",
}


def say(*texts: object) -> None:
    sys.stdout.write(" ".join(map(str, texts)) + "\n")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def name_of(row: dict[str, str]) -> MeterName:
    service = row.get("serviceName") or row["serviceNames"].split("|")[0]
    return MeterName(row["meterName"], row["productName"], service, row["unitOfMeasure"])


def labels_of(meter: Meter) -> tuple[str, ...]:
    if meter.meter_use in USES:
        direction = meter.meter_use
    else:
        direction = CACHE.get(meter.token_cache_action or "", meter.token_direction or "")
    usage = "usage" if meter.status == "recognised" else ""
    scope = (meter.deployment_scope or "").replace("DataZone", "data_zone")
    unit = (meter.unit or "").replace("-", "_")
    tokens = str(meter.tokens_per_unit or "")
    texts = (meter.model_id, meter.model_version, direction or usage, meter.modality, scope)
    texts += (meter.service_tier, meter.context_tier, unit, tokens)
    return tuple((text or "").lower() for text in texts)


def score(labelled: list[dict[str, str]]) -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    for row, meter in zip(labelled, classify_all(map(name_of, labelled)), strict=True):
        told = set()
        for field, got in zip(FIELDS, labels_of(meter), strict=True):
            truth = "" if row[field].lower() in NOTHING else row[field].lower()
            verdict = "correct" if truth == got else "wrong" if got else "abstained"
            counted[field, verdict] += 1
            told.add(verdict)
        verdict = next(word for word in ("wrong", "abstained", "correct") if word in told)
        counted["all fields", verdict] += 1
    return counted


def show(title: str, counted: Counter[tuple[str, str]]) -> None:
    total = sum(counted["all fields", verdict] for verdict in ("correct", "abstained", "wrong"))
    say(f"\n{title}: {total} meters")
    for field in (*FIELDS, "all fields"):
        shares = [counted[field, verdict] / total for verdict in ("correct", "abstained", "wrong")]
        say(f"  {field:17}", *(f"{share:8.2%}" for share in shares))


def labelled_rows(folder: Path) -> list[dict[str, str]]:
    return [
        row
        for row in rows(folder / "meters_dev.csv")
        if row["evidence"] != "third_party_map_unverified"
    ]


def scores(folder: Path) -> None:
    """The two parts, by the SHA-256 of the model: six tenths were read first."""
    parts = defaultdict(list)
    for row in labelled_rows(folder):
        digest = int(hashlib.sha256(row["provider_model"].encode()).hexdigest(), 16)
        parts["developed on" if digest % 10 < 6 else "held out"].append(row)
    for part, labelled in parts.items():
        show(part, score(labelled))


def left_out(folder: Path) -> None:
    """Each model taken out of the model table, its meters read without it."""
    table = models._table()
    whole = dict(table)
    by_model = defaultdict(list)
    for row in labelled_rows(folder):
        if row["provider_model"] not in ("*", "unknown"):
            by_model[row["provider_model"].lower()].append(row)
    counted: Counter[tuple[str, str]] = Counter()
    room = sys.modules["pertoken.meters.classify"]
    for model, labelled in by_model.items():
        for key in [key for key, found in whole.items() if found.model_id.lower() == model]:
            del table[key]
        for cached in (models.resolved, models._table_words, models._spellings, room._read):
            cached.cache_clear()
        room._meters.clear()
        counted += score(labelled)
        table.update(whole)
    show("each model left out of the table", counted)


def combinations(count: int, *, shuffled: bool) -> list[MeterName]:
    chance = random.Random(1)  # noqa: S311 - a fixed order, not a secret
    every = list(itertools.product(MODELS, *SPELLINGS, ("Tokens", "1M Tokens", "tokens"), " -"))
    chance.shuffle(every)
    found = {}
    for model, *words, unit, mark in every:
        spelt = [word for word in words if word]
        if shuffled:
            chance.shuffle(spelt)
        name = f"{mark.join([model, *spelt])} {unit}"
        block = "1M" if "1M" in unit else "1K"
        found[name] = MeterName(name, MODELS[model], "Foundry Models", block)
    return list(found.values())[:count]


def throughput(_: Path) -> None:
    """Distinct names per second of processor time in one process, from a cold start."""
    hundred = combinations(1_000, shuffled=False)
    sets = {
        "spellings of combinations": combinations(100_000, shuffled=False),
        "the same in any word order": combinations(100_000, shuffled=True),
        "a number behind a name": [
            name._replace(meter_name=f"{name.meter_name} {at}")
            for at in range(100)
            for name in hundred
        ],
        "an unknown word before a name": [
            name._replace(meter_name=f"w{at:03}x {name.meter_name}")
            for at in range(100)
            for name in hundred
        ],
    }
    for title, names in sets.items():
        start = time.process_time()
        statuses = Counter(meter.status for meter in classify_all(names))
        seconds = time.process_time() - start
        say(
            f"{title}: {len(names):,} names, {len(names) / seconds:,.0f} per second", dict(statuses)
        )


def prices(folder: Path) -> None:
    """Pairs of the newest price of each meter in each region."""
    newest: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows(folder / "price_sheet_dev.csv"):
        key = tuple(row[c] for c in ("meterName", "productName", "armRegionName", "meterId"))
        if (
            row["type"] == "Consumption"
            and row["last_seen"] > newest.get(key, row | {"last_seen": ""})["last_seen"]
        ):
            newest[key] = row
    names = [name_of(row) for row in newest.values()]
    priced = [
        PricedMeter(name, meter, Decimal(row["retailPrice"]), row["armRegionName"], row["currency"])
        for name, meter, row in zip(names, classify_all(names), newest.values(), strict=True)
    ]
    pairs = Counter((pair.relation.name, pair.in_band) for pair in price_pairs(priced))
    for relation in dict.fromkeys(name for name, _ in pairs):
        say(f"{relation}: {pairs[relation, True]} in band, {pairs[relation, False]} outside")
    for suspicion in price_suspicions(priced):
        base, other = suspicion.pair.base.name, suspicion.pair.other.name
        say(
            suspicion.points_at,
            base.meter_name,
            "|",
            other.meter_name,
            f"{suspicion.pair.ratio:.3f}",
        )


if __name__ == "__main__":
    say("vocabulary", pertoken.meters.VOCABULARY_VERSION)
    {"scores": scores, "left-out": left_out, "throughput": throughput, "prices": prices}[
        sys.argv[1]
    ](Path(sys.argv[2] if len(sys.argv) > 2 else "."))
