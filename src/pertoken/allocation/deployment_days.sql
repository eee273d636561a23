-- What each deployment used on a day: as the provider states it, else as its callers add up.
-- grain: ChargeDate, ResourceName, Deployment. input: used_days.
-- A deployment that only callers name, on a resource whose provider names others that day, is unknown and left out.
WITH providers AS (
    SELECT DISTINCT ChargeDate, ResourceName FROM used_days WHERE Grain = 'provider'
),
stated AS (
    SELECT used_days.*
    FROM used_days
    LEFT JOIN providers ON providers.ChargeDate = used_days.ChargeDate AND providers.ResourceName = used_days.ResourceName
    WHERE used_days.Grain = 'provider' OR providers.ChargeDate IS NULL
)
SELECT
    ChargeDate, ResourceName, Deployment, Grain, min(Model) AS Model,
    CAST(sum(Prompt) AS BIGINT) AS Prompt,
    CAST(sum(Uncached) AS BIGINT) AS Uncached,
    CAST(sum("Read") AS BIGINT) AS "Read",
    CAST(sum("Write") AS BIGINT) AS "Write",
    CAST(sum(Output) AS BIGINT) AS Output,
    bool_and(KnowsKinds) AS KnowsKinds,
    bool_or(KnowsWrites) AS KnowsWrites,
    bool_or(IsEstimated) AS IsEstimated,
    CAST(avg(Utilisation) AS DECIMAL(18,6)) AS Utilisation
FROM stated
GROUP BY ChargeDate, ResourceName, Deployment, Grain
