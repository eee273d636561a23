-- Readings with their values read, and why a reading cannot be counted.
-- grain: one reading (a call, or a total that a source states).
-- input: telemetry_readings (READING_COLUMNS, text or typed); the bounds of a clock and of a count are filled in.
-- Fault: NULL where the reading counts; counts in tokens. CallTime is UTC. The Stated columns are what the file says.
-- HasNoZone: the time was read as UTC for want of a zone. HasNoUtilisation: one is stated that cannot be true.
WITH numbers AS (
    SELECT
        *,
        TRY_CAST(Calls AS DOUBLE) AS CallsNumber,
        TRY_CAST(InputTokens AS DOUBLE) AS InputNumber,
        TRY_CAST(CacheReadTokens AS DOUBLE) AS CacheReadNumber,
        TRY_CAST(CacheWriteTokens AS DOUBLE) AS CacheWriteNumber,
        TRY_CAST(OutputTokens AS DOUBLE) AS OutputNumber,
        TRY_CAST(Utilisation AS DECIMAL(18,6)) AS UtilisationNumber,
        CASE
            WHEN lower(CAST(Status AS VARCHAR)) IN ('ok', 'success', 'succeeded', 'completed') THEN 200
            ELSE TRY_CAST(Status AS BIGINT)
        END AS StatusNumber
    FROM telemetry_readings
),
typed AS (
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
        StatusNumber AS Status,
        coalesce(TRY_CAST(Estimated AS BOOLEAN), Estimated IS NOT NULL) AS Estimated,
        TRY_CAST(CallsNumber AS BIGINT) AS Calls,
        TRY_CAST(InputNumber AS BIGINT) AS InputTokens,
        TRY_CAST(CacheReadNumber AS BIGINT) AS CacheReadTokens,
        TRY_CAST(CacheWriteNumber AS BIGINT) AS CacheWriteTokens,
        TRY_CAST(OutputNumber AS BIGINT) AS OutputTokens,
        CASE WHEN UtilisationNumber BETWEEN 0 AND $most_utilisation THEN UtilisationNumber END AS Utilisation,
        CAST("Time" AS VARCHAR) AS StatedTime,
        CAST(InputTokens AS VARCHAR) AS StatedInput,
        CAST(OutputTokens AS VARCHAR) AS StatedOutput,
        $has_no_zone AS HasNoZone,
        Utilisation IS NOT NULL AND (UtilisationNumber IS NULL OR UtilisationNumber NOT BETWEEN 0 AND $most_utilisation) AS HasNoUtilisation,
        Status IS NOT NULL AND StatusNumber IS NULL AS HasNoStatus,
        "Sequence" IS NOT NULL AND TRY_CAST("Sequence" AS BIGINT) IS NULL
        OR Calls IS NOT NULL AND (CallsNumber IS NULL OR isnan(CallsNumber))
        OR InputTokens IS NOT NULL AND (InputNumber IS NULL OR isnan(InputNumber))
        OR CacheReadTokens IS NOT NULL AND (CacheReadNumber IS NULL OR isnan(CacheReadNumber))
        OR CacheWriteTokens IS NOT NULL AND (CacheWriteNumber IS NULL OR isnan(CacheWriteNumber))
        OR OutputTokens IS NOT NULL AND (OutputNumber IS NULL OR isnan(OutputNumber)) AS IsUnreadable,
        least(coalesce(CallsNumber, 0), coalesce(InputNumber, 0), coalesce(CacheReadNumber, 0), coalesce(CacheWriteNumber, 0),
            coalesce(OutputNumber, 0)) AS LeastCount,
        greatest(coalesce(CallsNumber, 0), coalesce(InputNumber, 0), coalesce(CacheReadNumber, 0), coalesce(CacheWriteNumber, 0),
            coalesce(OutputNumber, 0)) AS GreatestCount,
        coalesce(CallsNumber <> floor(CallsNumber), false) OR coalesce(InputNumber <> floor(InputNumber), false)
        OR coalesce(CacheReadNumber <> floor(CacheReadNumber), false) OR coalesce(CacheWriteNumber <> floor(CacheWriteNumber), false)
        OR coalesce(OutputNumber <> floor(OutputNumber), false) AS IsFraction
    FROM numbers
)
SELECT
    *,
    CASE
        WHEN "Sequence" > 0 THEN 'message chunk'
        WHEN CallTime IS NULL THEN 'unreadable time'
        WHEN CallTime < $first OR CallTime > $last THEN 'wrong clock'
        WHEN IsUnreadable THEN 'unreadable count'
        WHEN LeastCount < 0 THEN 'negative count'
        WHEN GreatestCount > $most THEN 'huge count'
        WHEN IsFraction THEN 'fraction of a token'
        WHEN HasNoStatus THEN 'unreadable status'
        WHEN Deployment IS NULL THEN 'no deployment'
        WHEN coalesce(InputTokens, CacheReadTokens, CacheWriteTokens, OutputTokens) IS NULL
            AND Utilisation IS NULL AND Calls IS NULL THEN 'no tokens'
        WHEN $includes_cached AND coalesce(CacheReadTokens, 0) + coalesce(CacheWriteTokens, 0) > InputTokens
            THEN 'more cached than input tokens'
    END AS Fault
FROM typed
