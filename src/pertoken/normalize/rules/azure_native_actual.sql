-- The costs of an ActualCost row: all of it is billed; a commitment that is bought is not yet used.
-- grain: one row per native row; costs in BillingCurrency, and in USD where the row states it.
-- keeps: the sum of BilledCost is the sum of the export's cost.
-- null rule: none; a cost that cannot be read ends the reading.
-- source: FinOps toolkit, convert cost data to FOCUS (EffectiveCost 0 for purchases and refunds of
--         commitments), read 2026-05-20.
SELECT
    Cost AS BilledCost,
    CASE WHEN n_BuysCommitment THEN 0 ELSE Cost END AS EffectiveCost,
    CostInUsd AS x_BilledCostInUsd,
    CASE WHEN n_BuysCommitment AND CostInUsd IS NOT NULL THEN 0 ELSE CostInUsd END AS x_EffectiveCostInUsd
FROM source
