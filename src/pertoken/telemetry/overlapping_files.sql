-- Files of which a cell shares minutes with the same cell of another file.
-- grain: source and file.
-- input: usage_deliveries, of files that are new.
WITH ordered AS (
    SELECT
        "Source", FileDigest, FirstTime, LastTime,
        max(LastTime) OVER (
            PARTITION BY $cell ORDER BY FirstTime, LastTime, FileDigest ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS TimeBefore,
        lead(FirstTime) OVER (PARTITION BY $cell ORDER BY FirstTime, LastTime, FileDigest) AS TimeAfter
    FROM usage_deliveries
)
SELECT DISTINCT "Source" AS "Source", FileDigest AS FileDigest
FROM ordered
WHERE FirstTime <= TimeBefore OR TimeAfter <= LastTime
