-- The days on which each scope and month has charges, and what they cost.
-- grain: x_ScopeKey, BillingMonth, BillingCurrency, ChargeDate.
-- input:  charges.
-- EffectiveCost in BillingCurrency; ChargeDate is the UTC day of ChargePeriodStart.
SELECT
    x_ScopeKey AS x_ScopeKey,
    BillingMonth AS BillingMonth,
    BillingCurrency AS BillingCurrency,
    CAST(ChargePeriodStart AS DATE) AS ChargeDate,
    sum(EffectiveCost) AS EffectiveCost
FROM charges
GROUP BY x_ScopeKey, BillingMonth, BillingCurrency, CAST(ChargePeriodStart AS DATE)
ORDER BY x_ScopeKey, BillingMonth, BillingCurrency, ChargeDate
