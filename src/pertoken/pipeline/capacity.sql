-- Provisioned capacity by day: what it cost, and its unit hours.
-- grain: BillingMonth, ChargeDate, BillingCurrency, resource, status, commitment.
-- input: charges, meters. EffectiveCost in BillingCurrency; UnitHours in units x hours, NULL where no row states them.
-- Status: Used, Unused (of a reservation), NULL for what no commitment covers.
SELECT
    charges.BillingMonth AS BillingMonth,
    CAST(charges.ChargePeriodStart AS DATE) AS ChargeDate,
    charges.BillingCurrency AS BillingCurrency,
    lower(charges.ResourceId) AS ResourceId,
    charges.CommitmentDiscountStatus AS CommitmentDiscountStatus,
    lower(charges.CommitmentDiscountId) AS CommitmentDiscountId,
    min(meters.x_DeploymentScope) AS x_DeploymentScope,
    sum(charges.EffectiveCost) AS EffectiveCost,
    sum(coalesce(charges.x_UnitQuantity, charges.PricingQuantity)) AS UnitHours
FROM charges
INNER JOIN meters ON meters.x_MeterKey = charges.x_MeterKey
WHERE meters.x_MeterUse = 'Capacity' AND charges.ChargeCategory = 'Usage'
GROUP BY
    charges.BillingMonth, CAST(charges.ChargePeriodStart AS DATE), charges.BillingCurrency, lower(charges.ResourceId),
    charges.CommitmentDiscountStatus, lower(charges.CommitmentDiscountId)
ORDER BY BillingMonth, ChargeDate, BillingCurrency, ResourceId, CommitmentDiscountStatus
