-- What each caller of a deployment costs: its share of the deployment's tokens of the kind, and what nobody was seen calling.
-- grain: Bill, Deployment, the dimensions, IsIdle. input: bill, deployment_costs, deployment_days, callers.
-- Keeps: the units of every row of deployment_costs. Idle capacity is cost x (1 - mean utilisation of the day).
WITH costs AS (
    SELECT
        row_number() OVER (ORDER BY deployment_costs.Bill, deployment_costs.Deployment) AS Cost,
        deployment_costs.*,
        bill.ChargeDate, bill.ResourceName, bill.Kind
    FROM deployment_costs
    INNER JOIN bill ON bill.Bill = deployment_costs.Bill
),
seen AS (
    SELECT
        costs.Cost, callers.Team, callers.Application, callers.Feature, callers.Customer, callers.Environment,
        callers.Product, callers.Client,
        callers.KnowsKinds AND deployment_days.KnowsKinds AS KnowKinds,
        callers.IsEstimated AS IsEstimated,
        CASE
            WHEN costs.Kind = 'Capacity' THEN callers.Prompt + callers.Output
            WHEN costs.Kind = 'Output' THEN callers.Output
            WHEN NOT callers.KnowsKinds OR NOT deployment_days.KnowsKinds OR costs.IsDoubleMetered THEN callers.Prompt
            WHEN costs.Kind = 'Read' THEN callers."Read"
            WHEN costs.Kind = 'Write' AND deployment_days.KnowsWrites THEN callers."Write"
            WHEN deployment_days.KnowsWrites THEN callers.Uncached
            ELSE callers.Uncached + callers."Write"
        END AS Part,
        CASE
            WHEN costs.Kind = 'Capacity' THEN deployment_days.Prompt + deployment_days.Output
            WHEN costs.Kind = 'Output' THEN deployment_days.Output
            WHEN NOT callers.KnowsKinds OR NOT deployment_days.KnowsKinds OR costs.IsDoubleMetered THEN deployment_days.Prompt
            WHEN costs.Kind = 'Read' THEN deployment_days."Read"
            WHEN costs.Kind = 'Write' AND deployment_days.KnowsWrites THEN deployment_days."Write"
            ELSE deployment_days.Uncached
        END AS Measured,
        costs.Kind NOT IN ('Output', 'Capacity') AND NOT (callers.KnowsKinds AND deployment_days.KnowsKinds)
            AND costs.HasCached AS IsSpread
    FROM costs
    INNER JOIN deployment_days
        ON deployment_days.ChargeDate = costs.ChargeDate AND deployment_days.ResourceName = costs.ResourceName
        AND deployment_days.Deployment = costs.Deployment
    INNER JOIN callers
        ON callers.ChargeDate = costs.ChargeDate AND callers.ResourceName = costs.ResourceName
        AND callers.Deployment = costs.Deployment
),
shared AS (
    SELECT
        *,
        sum(CAST(Part AS HUGEINT)) OVER (PARTITION BY Cost) AS Parts,
        greatest(sum(CAST(Part AS HUGEINT)) OVER (PARTITION BY Cost), CAST(Measured AS HUGEINT)) AS "Whole",
        row_number() OVER (PARTITION BY Cost ORDER BY Part DESC, Team, Application, Feature, Customer, Environment, Product, Client) AS Place
    FROM seen
    WHERE Part > 0
),
floored AS (
    SELECT
        shared.*,
        CAST(costs.CostUnits AS HUGEINT) AS Units, CAST(costs.TokenCostUnits AS HUGEINT) AS TokenUnits, CAST(costs.QuantityUnits AS HUGEINT) AS QuantityOf,
        CAST(costs.CostUnits AS HUGEINT) * shared.Part // shared."Whole" AS CostPart,
        CAST(costs.TokenCostUnits AS HUGEINT) * shared.Part // shared."Whole" AS TokenCostPart,
        CAST(costs.QuantityUnits AS HUGEINT) * shared.Part // shared."Whole" AS QuantityPart
    FROM shared
    INNER JOIN costs ON costs.Cost = shared.Cost
),
attributed AS (
    SELECT
        Cost, Team, Application, Feature, Customer, Environment, Product, Client, IsEstimated OR IsSpread AS IsEstimated,
        Parts > Measured AS IsScaled,
        CostPart + CASE WHEN Place = 1 AND Parts = "Whole" THEN Units - sum(CostPart) OVER (PARTITION BY Cost) ELSE 0 END AS CostUnits,
        TokenCostPart + CASE WHEN Place = 1 AND Parts = "Whole" THEN TokenUnits - sum(TokenCostPart) OVER (PARTITION BY Cost) ELSE 0 END AS TokenCostUnits,
        QuantityPart + CASE WHEN Place = 1 AND Parts = "Whole" THEN QuantityOf - sum(QuantityPart) OVER (PARTITION BY Cost) ELSE 0 END AS QuantityUnits
    FROM floored
),
sums AS (
    SELECT Cost, sum(CostUnits) AS CostUnits, sum(TokenCostUnits) AS TokenCostUnits, sum(QuantityUnits) AS QuantityUnits
    FROM attributed
    GROUP BY Cost
)
SELECT
    costs.Bill AS Bill, costs.Deployment AS Deployment, true AS IsSeen,
    attributed.Team, attributed.Application, attributed.Feature, attributed.Customer, attributed.Environment,
    attributed.Product, attributed.Client,
    attributed.IsEstimated OR costs.IsEstimated AS IsEstimated,
    NOT costs.IsProven AS IsAssumed,
    attributed.IsScaled OR costs.IsScaled AS IsScaled,
    CAST(attributed.CostUnits AS DECIMAL(38,0)) AS CostUnits,
    CAST(attributed.TokenCostUnits AS DECIMAL(38,0)) AS TokenCostUnits,
    CAST(attributed.QuantityUnits AS DECIMAL(38,0)) AS QuantityUnits
FROM attributed
INNER JOIN costs ON costs.Cost = attributed.Cost
UNION ALL
SELECT
    costs.Bill, costs.Deployment, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    coalesce(costs.IsEstimated, false), coalesce(NOT costs.IsProven, false), coalesce(costs.IsScaled, false),
    CAST(CAST(costs.CostUnits AS HUGEINT) - coalesce(sums.CostUnits, 0) AS DECIMAL(38,0)),
    CAST(CAST(costs.TokenCostUnits AS HUGEINT) - coalesce(sums.TokenCostUnits, 0) AS DECIMAL(38,0)),
    CAST(CAST(costs.QuantityUnits AS HUGEINT) - coalesce(sums.QuantityUnits, 0) AS DECIMAL(38,0))
FROM costs
LEFT JOIN sums ON sums.Cost = costs.Cost
WHERE costs.CostUnits <> coalesce(sums.CostUnits, 0) OR costs.QuantityUnits <> coalesce(sums.QuantityUnits, 0)
    OR costs.TokenCostUnits <> coalesce(sums.TokenCostUnits, 0)
