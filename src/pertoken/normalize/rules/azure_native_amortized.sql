-- The costs of an AmortizedCost row: all of it is effective; what a commitment covers is not billed
-- again, for its purchase was.
-- grain: one row per native row; costs in BillingCurrency, and in USD where the row states it.
-- keeps: the sum of EffectiveCost is the sum of the export's cost.
-- null rule: none; a cost that cannot be read ends the reading.
-- source: FinOps toolkit, convert cost data to FOCUS (BilledCost 0 for what Reservation and
--         SavingsPlan price), read 2026-05-20.
SELECT
    CASE WHEN n_IsCommitment THEN 0 ELSE Cost END AS BilledCost,
    Cost AS EffectiveCost,
    CASE WHEN n_IsCommitment AND CostInUsd IS NOT NULL THEN 0 ELSE CostInUsd END AS x_BilledCostInUsd,
    CostInUsd AS x_EffectiveCostInUsd
FROM source
