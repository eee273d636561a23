-- AI charges that are not read, whose tokens are not proven, or that have no tag.
-- grain: Rule, BillingCurrency; only where there are any.
-- input:  token_costs (the mart), meters, tags.
-- Rows: charges. CostAtStake: their EffectiveCost in BillingCurrency; Example: the SkuMeter that
-- costs most of them. Tokens are asked of usage on meters that count tokens.
SELECT
    gaps.Rule AS Rule,
    token_costs.BillingCurrency AS BillingCurrency,
    CAST(sum(token_costs."Rows") AS BIGINT) AS "Rows",
    sum(token_costs.EffectiveCost) AS CostAtStake,
    arg_max(coalesce(meters.SkuMeter, meters.x_SkuMeterCategory, ''), token_costs.EffectiveCost) AS Example
FROM token_costs
INNER JOIN meters ON meters.x_MeterKey = token_costs.x_MeterKey
LEFT JOIN (SELECT DISTINCT x_TagsKey FROM tags WHERE TagKey <> '' AND TagValue <> '') AS tagged
    ON tagged.x_TagsKey = token_costs.x_TagsKey
INNER JOIN (VALUES ('coverage-quantity'), ('coverage-meter'), ('coverage-tags')) AS gaps(Rule)
    ON CASE gaps.Rule
        WHEN 'coverage-quantity' THEN meters.Unit = 'Tokens' AND token_costs.ChargeCategory = 'Usage' AND token_costs.x_UnitQuantity IS NULL
        WHEN 'coverage-meter' THEN meters.x_MeterStatus <> 'recognised'
        ELSE tagged.x_TagsKey IS NULL
    END
GROUP BY gaps.Rule, token_costs.BillingCurrency
ORDER BY Rule, BillingCurrency
