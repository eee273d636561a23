-- What provisioned deployments did, hour by hour, by the source that measures their utilisation.
-- grain: Hour, ResourceName, Deployment. input: usage. Utilisation: 1 is the whole; tokens of every kind.
-- Unsplit: input tokens of a source that does not tell cached ones apart.
WITH measured AS (
    SELECT DISTINCT lower(ResourceName) AS ResourceName, Deployment AS Deployment, "Source" AS "Source"
    FROM usage
    WHERE Utilisation IS NOT NULL
)
SELECT
    usage."Hour" AS "Hour",
    lower(usage.ResourceName) AS ResourceName,
    usage.Deployment AS Deployment,
    min(usage.x_ModelId) AS x_ModelId,
    avg(usage.Utilisation) / 100 AS Utilisation,
    CAST(sum(CASE WHEN usage.InputIncludesCached THEN 0 ELSE coalesce(usage.InputTokens, 0) END) AS BIGINT) AS Uncached,
    CAST(sum(coalesce(usage.CacheReadTokens, 0)) AS BIGINT) AS "Read",
    CAST(sum(coalesce(usage.CacheWriteTokens, 0)) AS BIGINT) AS "Write",
    CAST(sum(coalesce(usage.OutputTokens, 0)) AS BIGINT) AS Output,
    CAST(sum(CASE WHEN usage.InputIncludesCached THEN coalesce(usage.InputTokens, 0) ELSE 0 END) AS BIGINT) AS Unsplit
FROM usage
INNER JOIN measured
    ON measured.ResourceName = lower(usage.ResourceName) AND measured.Deployment = usage.Deployment
    AND measured."Source" = usage."Source"
GROUP BY usage."Hour", lower(usage.ResourceName), usage.Deployment
ORDER BY "Hour", ResourceName, Deployment
