-- Usage of several deliveries, each cell counted once.
-- grain: as hourly usage, and one row per stretch of time that a delivery covers alone.
-- input: usage_deliveries. Deliveries of one cell whose times overlap tell of the same calls: the one with the
-- most tokens stands (an hour's total only grows). Deliveries that do not overlap are different calls.
WITH ordered AS (
    SELECT
        *,
        coalesce(InputTokens, 0) + coalesce(CacheReadTokens, 0) + coalesce(CacheWriteTokens, 0) + coalesce(OutputTokens, 0) AS AllTokens,
        max(LastTime) OVER (
            PARTITION BY $cell ORDER BY FirstTime, LastTime, FileDigest ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS TimeBefore
    FROM usage_deliveries
),
stretches AS (
    SELECT
        *,
        sum(CASE WHEN TimeBefore IS NULL OR FirstTime > TimeBefore THEN 1 ELSE 0 END) OVER (
            PARTITION BY $cell ORDER BY FirstTime, LastTime, FileDigest ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS Stretch
    FROM ordered
),
ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY $cell, Stretch ORDER BY AllTokens DESC, Calls DESC, FileDigest) AS Place
    FROM stretches
)
SELECT $columns FROM ranked WHERE Place = 1
