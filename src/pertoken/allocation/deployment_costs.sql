-- What each deployment costs: its share of every bill row, and what no deployment explains.
-- grain: Bill, Deployment (NULL: unexplained). input: bill, shares.
-- Keeps: CostUnits, TokenCostUnits and QuantityUnits of every bill row, to the last unit: a unit that whole division
-- leaves goes to the largest part where the parts are the whole, else it stays unexplained.
WITH divided AS (
    SELECT
        bill.Bill, shares.Deployment, shares.IsProven, shares.IsDoubleMetered, shares.Basis, shares.HasCached, shares.IsEstimated,
        shares.IsScaled, shares.Part, shares."Whole",
        CAST(bill.CostUnits AS HUGEINT) AS Cost,
        CAST(bill.TokenCostUnits AS HUGEINT) AS TokenCost,
        CAST(bill.QuantityUnits AS HUGEINT) AS Quantity,
        sum(CAST(shares.Part AS HUGEINT)) OVER (PARTITION BY bill.Bill) AS Parts,
        row_number() OVER (PARTITION BY bill.Bill ORDER BY shares.Part DESC, shares.Deployment) AS Place
    FROM bill
    INNER JOIN shares
        ON shares.ChargeDate = bill.ChargeDate AND shares.ResourceName = bill.ResourceName
        AND shares.Offering = bill.Offering AND shares.Kind = bill.Kind
),
floored AS (
    SELECT
        *,
        Cost * Part // "Whole" AS CostPart,
        TokenCost * Part // "Whole" AS TokenCostPart,
        Quantity * Part // "Whole" AS QuantityPart
    FROM divided
),
left_over AS (
    SELECT
        *,
        CASE WHEN Place = 1 AND Parts = "Whole" THEN Cost - sum(CostPart) OVER (PARTITION BY Bill) ELSE 0 END AS CostLeft,
        CASE WHEN Place = 1 AND Parts = "Whole" THEN TokenCost - sum(TokenCostPart) OVER (PARTITION BY Bill) ELSE 0 END AS TokenCostLeft,
        CASE WHEN Place = 1 AND Parts = "Whole" THEN Quantity - sum(QuantityPart) OVER (PARTITION BY Bill) ELSE 0 END AS QuantityLeft
    FROM floored
),
explained AS (
    SELECT
        Bill, Deployment, IsProven, IsDoubleMetered, Basis, HasCached, IsEstimated, IsScaled,
        CostPart + CostLeft AS CostUnits, TokenCostPart + TokenCostLeft AS TokenCostUnits, QuantityPart + QuantityLeft AS QuantityUnits
    FROM left_over
),
sums AS (
    SELECT Bill, sum(CostUnits) AS CostUnits, sum(TokenCostUnits) AS TokenCostUnits, sum(QuantityUnits) AS QuantityUnits
    FROM explained
    GROUP BY Bill
)
SELECT
    Bill, Deployment, IsProven, IsDoubleMetered, Basis, HasCached, IsEstimated, IsScaled,
    CAST(CostUnits AS DECIMAL(38,0)) AS CostUnits,
    CAST(TokenCostUnits AS DECIMAL(38,0)) AS TokenCostUnits,
    CAST(QuantityUnits AS DECIMAL(38,0)) AS QuantityUnits
FROM explained
UNION ALL
SELECT
    bill.Bill, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    CAST(CAST(bill.CostUnits AS HUGEINT) - coalesce(sums.CostUnits, 0) AS DECIMAL(38,0)),
    CAST(CAST(bill.TokenCostUnits AS HUGEINT) - coalesce(sums.TokenCostUnits, 0) AS DECIMAL(38,0)),
    CAST(CAST(bill.QuantityUnits AS HUGEINT) - coalesce(sums.QuantityUnits, 0) AS DECIMAL(38,0))
FROM bill
LEFT JOIN sums ON sums.Bill = bill.Bill
WHERE bill.CostUnits <> coalesce(sums.CostUnits, 0) OR bill.QuantityUnits <> coalesce(sums.QuantityUnits, 0)
    OR bill.TokenCostUnits <> coalesce(sums.TokenCostUnits, 0)
