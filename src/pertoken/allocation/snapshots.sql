-- Tags of places by date, in canonical keys and values, one row per stretch of days with one value.
-- grain: Level, Place, Dimension, Since. input: tag_snapshots, snapshot_readings.
-- A snapshot holds from its day until the next one of its subscription; where that does not list the place or the key, the
-- value ends there. Of two exports of a day the one written last speaks. Until is exclusive, NULL while the value stands.
WITH ranked AS (
    SELECT *, dense_rank() OVER (PARTITION BY SnapshotDate, Level, Place ORDER BY WrittenAt DESC, RunId) AS Delivery
    FROM tag_snapshots
),
days AS (
    SELECT
        SubAccountId, SnapshotDate,
        lead(SnapshotDate) OVER (PARTITION BY SubAccountId ORDER BY SnapshotDate) AS NextDate
    FROM (SELECT DISTINCT SubAccountId, SnapshotDate FROM tag_snapshots) AS listed
),
read_tags AS (
    SELECT
        ranked.Level, ranked.Place, snapshot_readings.Dimension, snapshot_readings.Value, ranked.TagKey, ranked.TagValue,
        greatest(ranked.SnapshotDate, coalesce(snapshot_readings.Since, ranked.SnapshotDate)) AS Since,
        least(coalesce(days.NextDate, DATE '9999-12-31'), coalesce(snapshot_readings.Until, DATE '9999-12-31')) AS Until,
        row_number() OVER (PARTITION BY ranked.SnapshotDate, ranked.Level, ranked.Place, snapshot_readings.Dimension
            ORDER BY snapshot_readings.Place, ranked.TagKey) AS Choice
    FROM ranked
    INNER JOIN days ON days.SubAccountId = ranked.SubAccountId AND days.SnapshotDate = ranked.SnapshotDate
    INNER JOIN snapshot_readings ON snapshot_readings.TagKey = ranked.TagKey AND snapshot_readings.TagValue = ranked.TagValue
    WHERE ranked.Delivery = 1
),
chosen AS (
    SELECT
        *,
        lag(Until) OVER (PARTITION BY Level, Place, Dimension ORDER BY Since) = Since
            AND lag(Value) OVER (PARTITION BY Level, Place, Dimension ORDER BY Since) = Value AS IsSame
    FROM read_tags
    WHERE Choice = 1 AND Since < Until
),
stretches AS (
    SELECT *, sum(CASE WHEN IsSame THEN 0 ELSE 1 END) OVER (PARTITION BY Level, Place, Dimension ORDER BY Since) AS Stretch
    FROM chosen
)
SELECT
    Level, Place, Dimension, min(Value) AS Value, min(TagKey) AS TagKey, min(TagValue) AS TagValue, min(Since) AS Since,
    nullif(max(Until), DATE '9999-12-31') AS Until
FROM stretches
GROUP BY Level, Place, Dimension, Stretch
