-- Usage charges with a cost whose list or contracted cost is not known.
-- grain: Rule, BillingCurrency; only where there are any.
-- input:  charges.
-- CostAtStake: their EffectiveCost in BillingCurrency; Example: the SkuMeter that costs most of them.
SELECT
    gaps.Rule AS Rule,
    charges.BillingCurrency AS BillingCurrency,
    count(*) AS "Rows",
    sum(charges.EffectiveCost) AS CostAtStake,
    arg_max(coalesce(charges.SkuMeter, charges.ChargeDescription, ''), charges.EffectiveCost) AS Example
FROM charges
INNER JOIN (VALUES ('coverage-list-cost'), ('coverage-contracted-cost')) AS gaps(Rule)
    ON CASE gaps.Rule WHEN 'coverage-list-cost' THEN charges.ListCost ELSE charges.ContractedCost END IS NULL
WHERE charges.ChargeCategory = 'Usage' AND charges.EffectiveCost <> 0
GROUP BY gaps.Rule, charges.BillingCurrency
ORDER BY Rule DESC, BillingCurrency
