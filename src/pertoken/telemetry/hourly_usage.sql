-- Hourly usage: tokens of each kind per resource, deployment, model and dimensions.
-- grain: Hour, ResourceName, Deployment, ModelName, ModelVersion and the dimensions below.
-- input: telemetry_counted (typed readings that count, each once), telemetry_models, telemetry_clients.
-- InputTokens are uncached where the source tells cached tokens apart; else InputIncludesCached is true and
-- they are all input tokens, as in an hour whose cached tokens exceed them. FailedTokens are of calls that were
-- answered and not billed (401, 429, 5xx). Clients that have no name of their own are one: a row is a cell of `usage`.
WITH billed AS (
    SELECT
        telemetry_counted.*, telemetry_clients.Client AS Client,
        Status IS NULL OR Status BETWEEN 200 AND 299 OR Status IN (400, 408) AS IsBilled
    FROM telemetry_counted
    LEFT JOIN telemetry_clients ON telemetry_clients.ClientId = telemetry_counted.ClientId
),
hours AS (
    SELECT
        date_trunc('hour', CallTime) AS "Hour",
        ResourceId, ResourceName, Deployment, ModelName, ModelVersion, Team, Application, Feature,
        Customer, Environment, Product, Client,
        CAST(sum(CASE WHEN IsBilled THEN coalesce(Calls, $calls_of_a_row) ELSE 0 END) AS BIGINT) AS Calls,
        CAST(sum(CASE WHEN IsBilled THEN coalesce(InputTokens, 0) ELSE 0 END) AS BIGINT) AS AllInput,
        CAST(sum(CASE WHEN IsBilled THEN CacheReadTokens END) AS BIGINT) AS CacheReadTokens,
        CAST(sum(CASE WHEN IsBilled THEN CacheWriteTokens END) AS BIGINT) AS CacheWriteTokens,
        CAST(sum(CASE WHEN IsBilled THEN coalesce(OutputTokens, 0) ELSE 0 END) AS BIGINT) AS OutputTokens,
        CAST(sum(CASE WHEN IsBilled THEN 0 ELSE coalesce(Calls, $calls_of_a_row) END) AS BIGINT) AS FailedCalls,
        CAST(sum(CASE WHEN IsBilled THEN 0 ELSE coalesce(InputTokens, 0) + coalesce(OutputTokens, 0) END) AS BIGINT) AS FailedTokens,
        CAST(avg(Utilisation) AS DECIMAL(18,6)) AS Utilisation,
        bool_or(Estimated) AS IsEstimated,
        min(CallTime) AS FirstTime,
        max(CallTime) AS LastTime
    FROM billed
    GROUP BY
        date_trunc('hour', CallTime), ResourceId, ResourceName, Deployment, ModelName, ModelVersion, Team,
        Application, Feature, Customer, Environment, Product, Client
),
kinds AS (
    SELECT
        *,
        $includes_cached AND coalesce(CacheReadTokens, 0) + coalesce(CacheWriteTokens, 0) > AllInput AS IsOverCached
    FROM hours
)
SELECT
    hours."Hour" AS "Hour",
    hours.ResourceId AS ResourceId,
    hours.ResourceName AS ResourceName,
    hours.Deployment AS Deployment,
    hours.ModelName AS ModelName,
    hours.ModelVersion AS ModelVersion,
    telemetry_models.ModelId AS x_ModelId,
    hours.Team AS Team,
    hours.Application AS Application,
    hours.Feature AS Feature,
    hours.Customer AS Customer,
    hours.Environment AS Environment,
    hours.Product AS Product,
    hours.Client AS Client,
    $source AS "Source",
    $includes_cached AND (hours.CacheReadTokens IS NULL OR hours.IsOverCached) AS InputIncludesCached,
    CASE WHEN hours.IsEstimated THEN 'estimated' ELSE 'measured' END AS Provenance,
    hours.Calls AS Calls,
    CASE
        WHEN $includes_cached AND NOT hours.IsOverCached
            THEN hours.AllInput - coalesce(hours.CacheReadTokens, 0) - coalesce(hours.CacheWriteTokens, 0)
        ELSE hours.AllInput
    END AS InputTokens,
    CASE WHEN NOT hours.IsOverCached THEN hours.CacheReadTokens END AS CacheReadTokens,
    CASE WHEN NOT hours.IsOverCached THEN hours.CacheWriteTokens END AS CacheWriteTokens,
    hours.OutputTokens AS OutputTokens,
    hours.FailedCalls AS FailedCalls,
    hours.FailedTokens AS FailedTokens,
    hours.Utilisation AS Utilisation,
    hours.FirstTime AS FirstTime,
    hours.LastTime AS LastTime,
    $digest AS FileDigest,
    strftime(hours."Hour", '%Y-%m') AS BillingMonth
FROM kinds AS hours
LEFT JOIN telemetry_models ON telemetry_models.ModelName = hours.ModelName
