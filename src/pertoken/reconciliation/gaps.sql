-- Billed tokens against telemetry tokens, and why they differ.
-- grain: ChargeDate, resource, deployment, model, direction, cache action, currency and reason.
-- input: bill, deployment_days, deployment_homes, callers, caller_costs (of allocation), usage.
-- Tokens in tokens; GapTokens = billed - telemetry. GapCost in units of 10^-18 of BillingCurrency: what the gap costs as
-- billed; for a day that the bill lacks the mean unit cost of its month. NULL where no cost can be known.
WITH billed AS (
    SELECT
        ChargeDate, ResourceName, min(ResourceId) AS ResourceId, Offering, Kind, min(Model) AS Model, min(BillingCurrency) AS BillingCurrency,
        CAST(sum(Tokens) AS BIGINT) AS Tokens, sum(CAST(CostUnits AS HUGEINT)) AS Cost
    FROM bill
    WHERE Kind IN ('Uncached', 'Read', 'Write', 'Output')
    GROUP BY ChargeDate, ResourceName, Offering, Kind
),
sides AS (
    SELECT
        ChargeDate, ResourceName, min(ResourceId) AS ResourceId, Offering, min(Model) AS Model, min(BillingCurrency) AS BillingCurrency,
        CAST(sum(CASE WHEN Kind = 'Uncached' THEN Tokens ELSE 0 END) AS BIGINT) AS Uncached,
        CAST(sum(CASE WHEN Kind = 'Read' THEN Tokens ELSE 0 END) AS BIGINT) AS "Read",
        CAST(sum(CASE WHEN Kind = 'Write' THEN Tokens ELSE 0 END) AS BIGINT) AS "Write",
        CAST(sum(CASE WHEN Kind = 'Output' THEN Tokens ELSE 0 END) AS BIGINT) AS Output,
        sum(CASE WHEN Kind = 'Uncached' THEN Cost ELSE 0 END) AS UncachedCost,
        sum(CASE WHEN Kind <> 'Output' THEN Cost ELSE 0 END) AS InputCost,
        sum(CASE WHEN Kind = 'Output' THEN Cost ELSE 0 END) AS OutputCost
    FROM billed
    GROUP BY ChargeDate, ResourceName, Offering
),
months AS (
    SELECT
        strftime(ChargeDate, '%Y-%m') AS BillingMonth, ResourceName, Offering, min(ResourceId) AS ResourceId, min(Model) AS Model,
        min(BillingCurrency) AS BillingCurrency,
        sum(Uncached) + sum("Read") + sum("Write") AS Input, sum(Output) AS Output, sum(InputCost) AS InputCost, sum(OutputCost) AS OutputCost
    FROM sides
    GROUP BY strftime(ChargeDate, '%Y-%m'), ResourceName, Offering
),
measured AS (
    SELECT deployment_days.*, deployment_homes.Offering AS Offering
    FROM deployment_days
    INNER JOIN deployment_homes
        ON deployment_homes.ResourceName = deployment_days.ResourceName AND deployment_homes.Deployment = deployment_days.Deployment
        AND deployment_homes.BillingMonth = strftime(deployment_days.ChargeDate, '%Y-%m') AND deployment_homes.IsProven
),
together AS (
    SELECT
        ChargeDate, ResourceName, Offering, string_agg(Deployment, ', ' ORDER BY Deployment) AS Deployments,
        CAST(sum(Prompt) AS BIGINT) AS Prompt, CAST(sum(Uncached) AS BIGINT) AS Uncached, CAST(sum("Read") AS BIGINT) AS "Read",
        CAST(sum(Output) AS BIGINT) AS Output, bool_and(KnowsKinds) AS KnowKinds
    FROM measured
    WHERE Offering <> 'Capacity'
    GROUP BY ChargeDate, ResourceName, Offering
),
compared AS (
    SELECT
        sides.*, together.Deployments, together.Prompt AS SeenPrompt, together.Uncached AS SeenUncached, together."Read" AS SeenRead,
        together.Output AS SeenOutput, together.KnowKinds, together.ChargeDate IS NOT NULL AS IsMeasured,
        sides."Read" > 0 AND sides.Uncached = together.Prompt AND (NOT together.KnowKinds OR sides."Read" = together."Read") AS IsDouble
    FROM sides
    LEFT JOIN together
        ON together.ChargeDate = sides.ChargeDate AND together.ResourceName = sides.ResourceName AND together.Offering = sides.Offering
),
double_metered AS (
    SELECT
        compared.ChargeDate, compared.ResourceId, measured.Deployment, compared.Model, 'Input' AS Direction, 'Uncached' AS CacheAction,
        measured.Prompt AS Billed, measured.Uncached AS Telemetry, compared.BillingCurrency,
        compared.UncachedCost * measured."Read" // greatest(compared.Uncached, 1) AS Cost, 'CachedMeteredTwice' AS Reason
    FROM compared
    INNER JOIN measured
        ON measured.ChargeDate = compared.ChargeDate AND measured.ResourceName = compared.ResourceName AND measured.Offering = compared.Offering
    WHERE compared.IsDouble AND compared.KnowKinds AND measured."Read" > 0
    UNION ALL
    SELECT
        ChargeDate, ResourceId, Deployments, Model, 'Input', 'Uncached', Uncached, Uncached - "Read", BillingCurrency,
        UncachedCost * "Read" // greatest(Uncached, 1), 'CachedMeteredTwice'
    FROM compared
    WHERE IsDouble AND NOT KnowKinds
),
kinds AS (
    SELECT
        ChargeDate, ResourceId, Deployments AS Deployment, Model, 'Input' AS Direction,
        CASE WHEN KnowKinds AND NOT IsDouble THEN 'Uncached' END AS CacheAction,
        CASE WHEN KnowKinds THEN Uncached + "Write" ELSE Uncached + "Read" + "Write" END AS Billed,
        CASE WHEN KnowKinds THEN SeenUncached ELSE SeenPrompt END AS Telemetry,
        BillingCurrency, CASE WHEN KnowKinds THEN UncachedCost ELSE InputCost END AS Whole
    FROM compared
    WHERE IsMeasured AND NOT IsDouble
    UNION ALL
    SELECT ChargeDate, ResourceId, Deployments, Model, 'Input', 'Read', "Read", SeenRead, BillingCurrency, InputCost - UncachedCost
    FROM compared
    WHERE IsMeasured AND KnowKinds AND NOT IsDouble
    UNION ALL
    SELECT ChargeDate, ResourceId, Deployments, Model, 'Output', NULL, Output, SeenOutput, BillingCurrency, OutputCost
    FROM compared
    WHERE IsMeasured
),
unexplained AS (
    SELECT
        ChargeDate, ResourceId, Deployment, Model, Direction, CacheAction, Billed, Telemetry, BillingCurrency,
        CASE WHEN Billed > 0 THEN Whole * (Billed - Telemetry) // Billed END AS Cost,
        CASE WHEN abs(Billed - Telemetry) <= 1 THEN 'Rounding' ELSE 'Unknown' END AS Reason
    FROM kinds
    WHERE Billed <> Telemetry
),
resources AS (
    SELECT ResourceName, min(ChargeDate) AS FirstDay, max(ChargeDate) AS LastDay FROM deployment_days GROUP BY ResourceName
),
unmeasured AS (
    SELECT
        compared.ChargeDate, compared.ResourceId, NULL AS Deployment, compared.Model, sides.Direction, NULL AS CacheAction,
        CASE WHEN sides.Direction = 'Output' THEN compared.Output ELSE compared.Uncached + compared."Read" + compared."Write" END AS Billed,
        NULL AS Telemetry, compared.BillingCurrency,
        CASE WHEN sides.Direction = 'Output' THEN compared.OutputCost ELSE compared.InputCost END AS Cost,
        CASE WHEN resources.ResourceName IS NULL THEN 'NoTelemetry' WHEN compared.ChargeDate > resources.LastDay THEN 'LateData' ELSE 'MissingDay' END AS Reason
    FROM compared
    CROSS JOIN (VALUES ('Input'), ('Output')) AS sides(Direction)
    LEFT JOIN resources ON resources.ResourceName = compared.ResourceName
    WHERE NOT compared.IsMeasured
),
unbilled AS (
    SELECT
        together.ChargeDate, months.ResourceId, together.Deployments AS Deployment, months.Model, sides.Direction, NULL AS CacheAction,
        0 AS Billed, CASE WHEN sides.Direction = 'Output' THEN together.Output ELSE together.Prompt END AS Telemetry, months.BillingCurrency,
        CASE
            WHEN sides.Direction = 'Output' THEN -(months.OutputCost // greatest(CAST(months.Output AS BIGINT), 1)) * together.Output
            ELSE -(months.InputCost // greatest(CAST(months.Input AS BIGINT), 1)) * together.Prompt
        END AS Cost,
        CASE WHEN together.ChargeDate > last_days.LastDay THEN 'LateData' ELSE 'MissingDay' END AS Reason
    FROM together
    INNER JOIN months
        ON months.ResourceName = together.ResourceName AND months.Offering = together.Offering
        AND months.BillingMonth = strftime(together.ChargeDate, '%Y-%m')
    INNER JOIN (SELECT ResourceName, max(ChargeDate) AS LastDay FROM billed GROUP BY ResourceName) AS last_days
        ON last_days.ResourceName = together.ResourceName
    CROSS JOIN (VALUES ('Input'), ('Output')) AS sides(Direction)
    LEFT JOIN sides AS there
        ON there.ChargeDate = together.ChargeDate AND there.ResourceName = together.ResourceName AND there.Offering = together.Offering
    WHERE there.ChargeDate IS NULL
),
gateway AS (
    SELECT min(ChargeDate) AS FirstDay, max(ChargeDate) AS LastDay FROM callers
),
seen AS (
    SELECT ChargeDate, ResourceName, Deployment, CAST(sum(Prompt) AS BIGINT) AS Prompt, CAST(sum(Output) AS BIGINT) AS Output
    FROM callers
    GROUP BY ChargeDate, ResourceName, Deployment
),
unseen_costs AS (
    SELECT
        bill.ChargeDate, bill.ResourceName, caller_costs.Deployment, CASE WHEN bill.Kind = 'Output' THEN 'Output' ELSE 'Input' END AS Direction,
        min(bill.ResourceId) AS ResourceId, min(bill.BillingCurrency) AS BillingCurrency, min(bill.Model) AS Model,
        sum(CAST(caller_costs.CostUnits AS HUGEINT)) AS Cost
    FROM caller_costs
    INNER JOIN bill ON bill.Bill = caller_costs.Bill
    WHERE NOT caller_costs.IsSeen AND caller_costs.Deployment IS NOT NULL AND bill.Kind <> 'Capacity'
    GROUP BY bill.ChargeDate, bill.ResourceName, caller_costs.Deployment, CASE WHEN bill.Kind = 'Output' THEN 'Output' ELSE 'Input' END
),
unseen AS (
    SELECT
        unseen_costs.ChargeDate, unseen_costs.ResourceId, unseen_costs.Deployment, unseen_costs.Model, unseen_costs.Direction, NULL AS CacheAction,
        CASE WHEN unseen_costs.Direction = 'Output' THEN deployment_days.Output ELSE deployment_days.Prompt END AS Billed,
        CASE WHEN unseen_costs.Direction = 'Output' THEN coalesce(seen.Output, 0) ELSE coalesce(seen.Prompt, 0) END AS Telemetry,
        unseen_costs.BillingCurrency, unseen_costs.Cost,
        CASE
            WHEN caller_days.ChargeDate IS NOT NULL THEN 'BypassedGateway'
            WHEN unseen_costs.ChargeDate > gateway.LastDay THEN 'LateData'
            ELSE 'MissingDay'
        END AS Reason
    FROM unseen_costs
    INNER JOIN deployment_days
        ON deployment_days.ChargeDate = unseen_costs.ChargeDate AND deployment_days.ResourceName = unseen_costs.ResourceName
        AND deployment_days.Deployment = unseen_costs.Deployment
    CROSS JOIN gateway
    LEFT JOIN (SELECT DISTINCT ChargeDate FROM callers) AS caller_days ON caller_days.ChargeDate = unseen_costs.ChargeDate
    LEFT JOIN seen
        ON seen.ChargeDate = unseen_costs.ChargeDate AND seen.ResourceName = unseen_costs.ResourceName
        AND seen.Deployment = unseen_costs.Deployment
    WHERE gateway.FirstDay <= unseen_costs.ChargeDate
),
provisioned AS (
    SELECT
        measured.ChargeDate, capacity.ResourceId, measured.Deployment, measured.Model, sides.Direction, NULL AS CacheAction, 0 AS Billed,
        CASE WHEN sides.Direction = 'Output' THEN measured.Output ELSE measured.Prompt END AS Telemetry, capacity.BillingCurrency,
        CAST(0 AS HUGEINT) AS Cost, 'Provisioned' AS Reason
    FROM measured
    INNER JOIN (
        SELECT ChargeDate, ResourceName, min(ResourceId) AS ResourceId, min(BillingCurrency) AS BillingCurrency FROM bill WHERE Kind = 'Capacity'
        GROUP BY ChargeDate, ResourceName
    ) AS capacity ON capacity.ChargeDate = measured.ChargeDate AND capacity.ResourceName = measured.ResourceName
    CROSS JOIN (VALUES ('Input'), ('Output')) AS sides(Direction)
    WHERE measured.Offering = 'Capacity'
),
homes AS (
    SELECT ResourceName, min(ResourceId) AS ResourceId, min(BillingCurrency) AS BillingCurrency FROM bill WHERE ResourceName IS NOT NULL GROUP BY ResourceName
),
failed AS (
    SELECT
        CAST(usage."Hour" AS DATE) AS ChargeDate, homes.ResourceId, usage.Deployment, min(lower(usage.x_ModelId)) AS Model, 'Input' AS Direction,
        NULL AS CacheAction, 0 AS Billed, CAST(sum(usage.FailedTokens) AS BIGINT) AS Telemetry, homes.BillingCurrency,
        CAST(0 AS HUGEINT) AS Cost, 'FailedCalls' AS Reason
    FROM usage
    INNER JOIN homes ON homes.ResourceName = usage.ResourceName
    WHERE usage.FailedTokens > 0
    GROUP BY CAST(usage."Hour" AS DATE), homes.ResourceId, usage.Deployment, homes.BillingCurrency
),
deliveries AS (
    SELECT
        CAST("Hour" AS DATE) AS ChargeDate, "Source", count(DISTINCT FileDigest) AS Files, min(FileDigest) AS FileDigest
    FROM usage
    WHERE "Source" <> 'AzureMonitor'
    GROUP BY CAST("Hour" AS DATE), "Source"
),
spans AS (
    SELECT "Source", FileDigest, min(CAST("Hour" AS DATE)) AS FirstDay, max(CAST("Hour" AS DATE)) AS LastDay FROM usage GROUP BY "Source", FileDigest
),
late_days AS (
    SELECT DISTINCT deliveries.ChargeDate, deliveries."Source"
    FROM deliveries
    INNER JOIN spans AS own ON own."Source" = deliveries."Source" AND own.FileDigest = deliveries.FileDigest
    INNER JOIN spans AS around
        ON around."Source" = deliveries."Source" AND around.FirstDay < own.FirstDay AND around.LastDay > own.LastDay
    WHERE deliveries.Files = 1
),
late AS (
    SELECT
        late_days.ChargeDate, homes.ResourceId, usage.Deployment, min(lower(usage.x_ModelId)) AS Model, NULL AS Direction, NULL AS CacheAction,
        CAST(sum(usage.InputTokens + usage.OutputTokens) AS BIGINT) AS Billed, CAST(sum(usage.InputTokens + usage.OutputTokens) AS BIGINT) AS Telemetry,
        homes.BillingCurrency, CAST(0 AS HUGEINT) AS Cost, 'LateData' AS Reason
    FROM late_days
    INNER JOIN usage ON CAST(usage."Hour" AS DATE) = late_days.ChargeDate AND usage."Source" = late_days."Source"
    INNER JOIN homes ON homes.ResourceName = usage.ResourceName
    GROUP BY late_days.ChargeDate, homes.ResourceId, usage.Deployment, homes.BillingCurrency
)
SELECT * FROM double_metered
UNION ALL SELECT * FROM unexplained
UNION ALL SELECT * FROM unmeasured WHERE Billed <> 0
UNION ALL SELECT * FROM unbilled WHERE Telemetry <> 0
UNION ALL SELECT * FROM unseen WHERE Cost <> 0 OR Billed <> Telemetry
UNION ALL SELECT * FROM provisioned
UNION ALL SELECT * FROM failed
UNION ALL SELECT * FROM late
