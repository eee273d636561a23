-- What a later complete run added to the days of a closed month; a correction is no late charge.
-- grain: Scope, BillingMonth, BillingCurrency, ChargeDate.
-- input:  restatements.
-- EffectiveCost in BillingCurrency: of the charges that came late.
SELECT
    Scope AS Scope,
    BillingMonth AS BillingMonth,
    BillingCurrency AS BillingCurrency,
    ChargeDate AS ChargeDate,
    sum(EffectiveCostAfter) AS EffectiveCost
FROM restatements
WHERE Change = 'added' AND coalesce(ChargeClass, '') <> 'Correction'
GROUP BY Scope, BillingMonth, BillingCurrency, ChargeDate
ORDER BY Scope, BillingMonth, BillingCurrency, ChargeDate
