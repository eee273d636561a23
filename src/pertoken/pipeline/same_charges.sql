-- Usage charges that stand in two scopes: one day, resource, meter and quantity, and a cost in both.
-- grain: BillingMonth, SubAccountId, two x_ScopeKey, BillingCurrency of the second.
-- input:  shared_charges: the charges of subscriptions that two scopes hold in a month.
-- SameCharges counts distinct charges; EffectiveCost is that of the second scope.
-- The quantity is in single units where it is proven, for exports count in other blocks.
WITH used AS (
    SELECT
        BillingMonth AS BillingMonth,
        lower(SubAccountId) AS SubAccountId,
        x_ScopeKey AS x_ScopeKey,
        BillingCurrency AS BillingCurrency,
        CAST(ChargePeriodStart AS DATE) AS ChargeDate,
        lower(ResourceId) AS ResourceId,
        lower(coalesce(x_SkuMeterId, SkuMeter)) AS MeterId,
        coalesce(x_UnitQuantity, PricingQuantity) AS Quantity,
        sum(EffectiveCost) AS EffectiveCost
    FROM shared_charges
    WHERE ChargeCategory = 'Usage' AND (EffectiveCost <> 0 OR BilledCost <> 0)
    GROUP BY BillingMonth, lower(SubAccountId), x_ScopeKey, BillingCurrency,
        CAST(ChargePeriodStart AS DATE), lower(ResourceId),
        lower(coalesce(x_SkuMeterId, SkuMeter)), coalesce(x_UnitQuantity, PricingQuantity)
)
SELECT
    one.BillingMonth AS BillingMonth,
    one.SubAccountId AS SubAccountId,
    one.x_ScopeKey AS x_ScopeKey,
    other.x_ScopeKey AS x_OtherScopeKey,
    other.BillingCurrency AS BillingCurrency,
    count(*) AS SameCharges,
    sum(other.EffectiveCost) AS EffectiveCost
FROM used AS one
INNER JOIN used AS other
    ON other.BillingMonth = one.BillingMonth
    AND other.SubAccountId = one.SubAccountId
    AND other.x_ScopeKey > one.x_ScopeKey
    AND other.ChargeDate = one.ChargeDate
    AND other.ResourceId = one.ResourceId
    AND other.MeterId = one.MeterId
    AND other.Quantity = one.Quantity
GROUP BY one.BillingMonth, one.SubAccountId, one.x_ScopeKey, other.x_ScopeKey, other.BillingCurrency
ORDER BY BillingMonth, SubAccountId, x_ScopeKey, x_OtherScopeKey, BillingCurrency
