-- Every part of the bill, and where nobody was seen, why.
-- grain: as caller_costs. input: caller_costs, bill, deployment_days, callers.
-- Reason is NULL where a caller was seen; else NoTelemetry, MissingDay, LateData, BypassedGateway, Rounding, Unknown, or
-- the Kind of a charge that no call explains. IdleUnits is the idle part of provisioned capacity.
WITH resources AS (
    SELECT ResourceName, min(ChargeDate) AS FirstDay, max(ChargeDate) AS LastDay FROM deployment_days GROUP BY ResourceName
),
resource_days AS (
    SELECT ChargeDate, ResourceName, bool_and(Grain = 'caller') AS OnlyCallers FROM deployment_days GROUP BY ChargeDate, ResourceName
),
gateway AS (
    SELECT min(ChargeDate) AS FirstDay, max(ChargeDate) AS LastDay FROM callers
),
gateway_days AS (
    SELECT DISTINCT ChargeDate FROM callers
)
SELECT
    bill.* EXCLUDE (CostUnits, TokenCostUnits, QuantityUnits, Tokens, Bill, UnitHours),
    caller_costs.*,
    CASE
        WHEN caller_costs.IsSeen THEN NULL
        WHEN bill.Offering IS NULL THEN bill.Kind
        WHEN caller_costs.Deployment IS NULL AND resources.ResourceName IS NULL THEN 'NoTelemetry'
        WHEN caller_costs.Deployment IS NULL AND resource_days.ResourceName IS NULL
            THEN CASE WHEN bill.ChargeDate > resources.LastDay THEN 'LateData' WHEN bill.ChargeDate < resources.FirstDay THEN 'NoTelemetry' ELSE 'MissingDay' END
        WHEN caller_costs.Deployment IS NULL AND abs(caller_costs.QuantityUnits) < 1000000000000 AND bill.Kind <> 'Capacity' THEN 'Rounding'
        WHEN caller_costs.Deployment IS NULL AND resource_days.OnlyCallers THEN 'BypassedGateway'
        WHEN caller_costs.Deployment IS NULL THEN 'Unknown'
        WHEN gateway_days.ChargeDate IS NOT NULL THEN 'BypassedGateway'
        WHEN gateway.FirstDay IS NULL OR bill.ChargeDate < gateway.FirstDay THEN 'NoTelemetry'
        WHEN bill.ChargeDate > gateway.LastDay THEN 'LateData'
        ELSE 'MissingDay'
    END AS Reason,
    CASE
        WHEN bill.Kind = 'Capacity' AND deployment_days.Utilisation IS NOT NULL THEN
            CAST(CAST(caller_costs.CostUnits AS HUGEINT)
                * CAST((100 - least(deployment_days.Utilisation, 100)) * 1000000 AS BIGINT) // 100000000 AS DECIMAL(38,0))
    END AS IdleUnits
FROM caller_costs
INNER JOIN bill ON bill.Bill = caller_costs.Bill
LEFT JOIN resources ON resources.ResourceName = bill.ResourceName
LEFT JOIN resource_days ON resource_days.ChargeDate = bill.ChargeDate AND resource_days.ResourceName = bill.ResourceName
LEFT JOIN gateway_days ON gateway_days.ChargeDate = bill.ChargeDate
LEFT JOIN deployment_days
    ON deployment_days.ChargeDate = bill.ChargeDate AND deployment_days.ResourceName = bill.ResourceName
    AND deployment_days.Deployment = caller_costs.Deployment
CROSS JOIN gateway
