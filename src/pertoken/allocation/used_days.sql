-- What was used on a day, in one voice: of sources that tell of the same deployment and day the fullest.
-- grain: ChargeDate, ResourceName, Deployment, Grain (provider or caller) and, of callers, the dimensions.
-- input: usage. Prompt counts every input token, cached ones too; KnowsKinds where cached tokens are told apart.
WITH named AS (
    SELECT
        CAST(usage."Hour" AS DATE) AS ChargeDate,
        coalesce(usage.ResourceName, homes.ResourceName) AS ResourceName,
        usage.* EXCLUDE (ResourceName)
    FROM usage
    LEFT JOIN (
        SELECT Deployment, min(ResourceName) AS ResourceName FROM usage WHERE ResourceName IS NOT NULL
        GROUP BY Deployment HAVING count(DISTINCT ResourceName) = 1
    ) AS homes ON homes.Deployment = usage.Deployment
),
days AS (
    SELECT
        ChargeDate, ResourceName, Deployment, "Source",
        CASE WHEN "Source" = 'AzureMonitor' THEN 'provider' ELSE 'caller' END AS Grain,
        Team, Application, Feature, Customer, Environment, Product, Client,
        min(lower(coalesce(x_ModelId, ModelName))) AS Model,
        CAST(sum(InputTokens + coalesce(CacheReadTokens, 0) + coalesce(CacheWriteTokens, 0)) AS BIGINT) AS Prompt,
        CAST(sum(InputTokens) AS BIGINT) AS Uncached,
        CAST(sum(coalesce(CacheReadTokens, 0)) AS BIGINT) AS "Read",
        CAST(sum(coalesce(CacheWriteTokens, 0)) AS BIGINT) AS "Write",
        CAST(sum(OutputTokens) AS BIGINT) AS Output,
        NOT bool_or(InputIncludesCached) AS KnowsKinds,
        count(CacheWriteTokens) > 0 AS KnowsWrites,
        bool_or(Provenance <> 'measured') AS IsEstimated,
        CAST(avg(Utilisation) AS DECIMAL(18,6)) AS Utilisation
    FROM named
    WHERE ResourceName IS NOT NULL
    GROUP BY
        ChargeDate, ResourceName, Deployment, "Source", Team, Application, Feature, Customer, Environment, Product, Client
),
voices AS (
    SELECT
        ChargeDate, ResourceName, Deployment, Grain, "Source",
        row_number() OVER (PARTITION BY ChargeDate, ResourceName, Deployment, Grain
            ORDER BY sum(Prompt + Output) DESC, "Source") AS Place
    FROM days
    GROUP BY ChargeDate, ResourceName, Deployment, Grain, "Source"
)
SELECT days.*
FROM days
INNER JOIN voices
    ON voices.ChargeDate = days.ChargeDate AND voices.ResourceName = days.ResourceName
    AND voices.Deployment = days.Deployment AND voices.Grain = days.Grain AND voices."Source" = days."Source"
WHERE voices.Place = 1
