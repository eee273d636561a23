-- The daily cells that detection and forecasts read: what use cost and how many tokens it counts.
-- grain: ChargeDate and every column that names a cell.
-- input:  token_costs (the daily mart), meters, tags.
-- EffectiveCost in BillingCurrency; x_TokenQuantity in tokens, NULL where a meter counts none;
-- x_Rows: rows of the bill. Team and Application are the tags of these names, any case.
-- Left out: purchases, credits, corrections, tax; capacity, hosting and training, which are bought
-- and not used by the day.
SELECT
    token_costs.ChargeDate AS ChargeDate,
    token_costs.BillingCurrency AS BillingCurrency,
    token_costs.BillingAccountId AS BillingAccountId,
    token_costs.SubAccountId AS SubAccountId,
    token_costs.ResourceId AS ResourceId,
    team.TagValue AS Team,
    application.TagValue AS Application,
    meters.x_ModelId AS x_ModelId,
    meters.x_DeploymentScope AS x_DeploymentScope,
    meters.x_ServiceTier AS x_ServiceTier,
    meters.SkuMeter AS SkuMeter,
    meters.x_TokenDirection AS x_TokenDirection,
    meters.x_TokenCacheAction AS x_TokenCacheAction,
    sum(token_costs.EffectiveCost) AS EffectiveCost,
    sum(CASE WHEN meters.Unit = 'Tokens' THEN token_costs.x_UnitQuantity END) AS x_TokenQuantity,
    sum(token_costs."Rows") AS x_Rows
FROM token_costs
INNER JOIN meters ON meters.x_MeterKey = token_costs.x_MeterKey
LEFT JOIN (
    SELECT x_TagsKey, min(TagValue) AS TagValue FROM tags WHERE lower(TagKey) = 'team'
    GROUP BY x_TagsKey
) AS team ON team.x_TagsKey = token_costs.x_TagsKey
LEFT JOIN (
    SELECT x_TagsKey, min(TagValue) AS TagValue FROM tags
    WHERE lower(TagKey) IN ('application', 'app')
    GROUP BY x_TagsKey
) AS application ON application.x_TagsKey = token_costs.x_TagsKey
WHERE token_costs.ChargeCategory = 'Usage'
    AND token_costs.ChargeClass IS NULL
    AND meters.x_MeterStatus <> 'not AI'
    AND coalesce(meters.x_MeterUse, 'Inference') NOT IN ('Capacity', 'Hosting', 'Training')
    AND coalesce(meters.x_ServiceTier, 'Standard') <> 'Provisioned'
GROUP BY
    token_costs.ChargeDate, token_costs.BillingCurrency, token_costs.BillingAccountId,
    token_costs.SubAccountId, token_costs.ResourceId, team.TagValue, application.TagValue,
    meters.x_ModelId, meters.x_DeploymentScope, meters.x_ServiceTier, meters.SkuMeter,
    meters.x_TokenDirection, meters.x_TokenCacheAction
