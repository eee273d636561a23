-- The bill with used provisioned capacity at a pooled rate: which hours a reservation happened to cover favours nobody.
-- grain: as bill. input: bill.
-- Pool: the used capacity of a meter in a region on a day, in one billing account and currency, where a reservation covers
-- any of it. Each row pays the pool's cost by its unit hours, counted to 10^-6; a unit that division leaves goes to the
-- row with most hours. Unused reservations are in no pool.
-- Keeps: the cost of every pool, to the last unit.
WITH capacity AS (
    SELECT
        Bill, CAST(CostUnits AS HUGEINT) AS Cost, CAST(round(UnitHours * 1000000) AS HUGEINT) AS Hours,
        concat_ws(chr(31), ChargeDate, BillingCurrency, coalesce(BillingAccountId, ''), coalesce(RegionId, ''), x_MeterKey) AS Pool,
        CommitmentDiscountStatus IS NOT DISTINCT FROM 'Used' AS IsReserved
    FROM bill
    WHERE Kind = 'Capacity'
),
pools AS (
    SELECT Pool, sum(Cost) AS PoolCost, sum(Hours) AS PoolHours
    FROM capacity
    GROUP BY Pool
    HAVING bool_or(IsReserved) AND sum(Hours) > 0
),
divided AS (
    SELECT
        capacity.Bill, capacity.Pool, pools.PoolCost,
        pools.PoolCost * capacity.Hours // pools.PoolHours AS CostPart,
        row_number() OVER (PARTITION BY capacity.Pool ORDER BY capacity.Hours DESC, capacity.Bill) AS Place
    FROM capacity
    INNER JOIN pools ON pools.Pool = capacity.Pool
),
pooled AS (
    SELECT
        Bill,
        CostPart + CASE WHEN Place = 1 THEN PoolCost - sum(CostPart) OVER (PARTITION BY Pool) ELSE 0 END AS CostUnits
    FROM divided
)
SELECT bill.* REPLACE (CAST(coalesce(pooled.CostUnits, bill.CostUnits) AS DECIMAL(38,0)) AS CostUnits)
FROM bill
LEFT JOIN pooled ON pooled.Bill = bill.Bill
