-- How much of the AI cost is read, has proven tokens, is tagged; and what is set aside.
-- grain: BillingCurrency.
-- input:  token_costs (the mart), meters, tags.
-- costs in BillingCurrency. ReadCost: meters recognised. TokenCost: usage on meters that count
-- tokens; ProvenCost: the part of it with proven tokens; SetAsideCost and SetAsideRows: the rest.
SELECT
    token_costs.BillingCurrency AS BillingCurrency,
    sum(token_costs.EffectiveCost) AS AICost,
    sum(CASE WHEN meters.x_MeterStatus = 'recognised' THEN token_costs.EffectiveCost ELSE 0 END) AS ReadCost,
    sum(CASE WHEN meters.Unit = 'Tokens' AND token_costs.ChargeCategory = 'Usage' THEN token_costs.EffectiveCost ELSE 0 END) AS TokenCost,
    sum(CASE WHEN meters.Unit = 'Tokens' AND token_costs.ChargeCategory = 'Usage' AND token_costs.x_UnitQuantity IS NOT NULL THEN token_costs.EffectiveCost ELSE 0 END) AS ProvenCost,
    sum(CASE WHEN tagged.x_TagsKey IS NOT NULL THEN token_costs.EffectiveCost ELSE 0 END) AS TaggedCost,
    CAST(sum(CASE WHEN meters.Unit = 'Tokens' AND token_costs.ChargeCategory = 'Usage' AND token_costs.x_UnitQuantity IS NULL THEN token_costs."Rows" ELSE 0 END) AS BIGINT) AS SetAsideRows,
    sum(CASE WHEN meters.Unit = 'Tokens' AND token_costs.ChargeCategory = 'Usage' AND token_costs.x_UnitQuantity IS NULL THEN token_costs.EffectiveCost ELSE 0 END) AS SetAsideCost,
    count(DISTINCT CASE WHEN meters.x_MeterStatus <> 'recognised' THEN meters.SkuMeter END) AS UnreadMeters
FROM token_costs
INNER JOIN meters ON meters.x_MeterKey = token_costs.x_MeterKey
LEFT JOIN (SELECT DISTINCT x_TagsKey FROM tags WHERE TagKey <> '' AND TagValue <> '') AS tagged
    ON tagged.x_TagsKey = token_costs.x_TagsKey
GROUP BY token_costs.BillingCurrency
ORDER BY token_costs.BillingCurrency
