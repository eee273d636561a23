-- Files of telemetry, and how many of their hours stand.
-- grain: file and billing month in which an hour of it stands; a file of which none stands has one row.
-- input: usage_files, usage_standing (usage, or nothing). Hours are rows of usage; NULL where none stands.
WITH standing AS (
    SELECT
        FileDigest, BillingMonth, count(*) AS Hours,
        CAST(sum(CASE WHEN Provenance = 'estimated' THEN 1 ELSE 0 END) AS BIGINT) AS EstimatedHours,
        min(ResourceName) AS FirstResource, max(ResourceName) AS LastResource
    FROM usage_standing
    GROUP BY FileDigest, BillingMonth
)
SELECT
    usage_files.FileDigest AS FileDigest, usage_files.Path AS Path, usage_files."Source" AS "Source",
    usage_files.IngestedAt AS IngestedAt, usage_files."Rows" AS DeliveredHours, usage_files.Findings AS Findings,
    coalesce(standing.BillingMonth, strftime(usage_files.FirstTime, '%Y-%m')) AS BillingMonth,
    standing.Hours AS Hours, standing.EstimatedHours AS EstimatedHours,
    CASE WHEN standing.FirstResource = standing.LastResource THEN standing.FirstResource END AS ResourceName,
    CAST(sum(standing.Hours) OVER (PARTITION BY usage_files.FileDigest) AS BIGINT) AS StandingHours
FROM usage_files
LEFT JOIN standing ON standing.FileDigest = usage_files.FileDigest
ORDER BY
    coalesce(standing.BillingMonth, strftime(usage_files.FirstTime, '%Y-%m')), usage_files."Source", usage_files.Path,
    usage_files.FileDigest
