-- Readings with their values read, and why a reading cannot be counted.
-- grain: one reading (a call, or a total that a source states).
-- input: telemetry_readings (READING_COLUMNS, text or typed); the bounds of a clock and of a count are filled in.
-- Fault: NULL where the reading counts; counts in tokens. CallTime is UTC.
WITH typed AS (
    SELECT
        TRY_CAST("Time" AS TIMESTAMPTZ) AS CallTime,
        lower(CAST(ResourceId AS VARCHAR)) AS ResourceId,
        lower(coalesce(regexp_extract(CAST(ResourceId AS VARCHAR), '[^/]+$$'), CAST(ResourceName AS VARCHAR))) AS ResourceName,
        CAST(Deployment AS VARCHAR) AS Deployment,
        CAST(ModelName AS VARCHAR) AS ModelName,
        CAST(ModelVersion AS VARCHAR) AS ModelVersion,
        CAST(Team AS VARCHAR) AS Team,
        CAST(Application AS VARCHAR) AS Application,
        CAST(Feature AS VARCHAR) AS Feature,
        CAST(Customer AS VARCHAR) AS Customer,
        CAST(Environment AS VARCHAR) AS Environment,
        CAST(Product AS VARCHAR) AS Product,
        CAST(Client AS VARCHAR) AS ClientId,
        CAST(CallId AS VARCHAR) AS CallId,
        coalesce(TRY_CAST("Sequence" AS BIGINT), 0) AS "Sequence",
        TRY_CAST(Status AS BIGINT) AS Status,
        coalesce(TRY_CAST(Estimated AS BOOLEAN), false) AS Estimated,
        TRY_CAST(Calls AS BIGINT) AS Calls,
        TRY_CAST(InputTokens AS BIGINT) AS InputTokens,
        TRY_CAST(CacheReadTokens AS BIGINT) AS CacheReadTokens,
        TRY_CAST(CacheWriteTokens AS BIGINT) AS CacheWriteTokens,
        TRY_CAST(OutputTokens AS BIGINT) AS OutputTokens,
        TRY_CAST(Utilisation AS DECIMAL(18,6)) AS Utilisation,
        (InputTokens IS NOT NULL AND TRY_CAST(InputTokens AS BIGINT) IS NULL)
        OR (CacheReadTokens IS NOT NULL AND TRY_CAST(CacheReadTokens AS BIGINT) IS NULL)
        OR (CacheWriteTokens IS NOT NULL AND TRY_CAST(CacheWriteTokens AS BIGINT) IS NULL)
        OR (OutputTokens IS NOT NULL AND TRY_CAST(OutputTokens AS BIGINT) IS NULL) AS IsUnreadable
    FROM telemetry_readings
)
SELECT
    *,
    CASE
        WHEN "Sequence" > 0 THEN 'message chunk'
        WHEN CallTime IS NULL THEN 'unreadable time'
        WHEN CallTime < $first OR CallTime > $last THEN 'wrong clock'
        WHEN IsUnreadable THEN 'unreadable count'
        WHEN least(coalesce(InputTokens, 0), coalesce(CacheReadTokens, 0), coalesce(CacheWriteTokens, 0),
            coalesce(OutputTokens, 0), coalesce(Calls, 0)) < 0 THEN 'negative count'
        WHEN greatest(coalesce(InputTokens, 0), coalesce(CacheReadTokens, 0), coalesce(CacheWriteTokens, 0),
            coalesce(OutputTokens, 0)) > $most THEN 'huge count'
        WHEN Deployment IS NULL THEN 'no deployment'
        WHEN coalesce(InputTokens, CacheReadTokens, CacheWriteTokens, OutputTokens) IS NULL
            AND Utilisation IS NULL AND Calls IS NULL THEN 'no tokens'
    END AS Fault
FROM typed
