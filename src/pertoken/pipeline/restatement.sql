-- What a restatement changed.
-- grain: ChargeDate, ResourceId, SkuMeter, ChargeCategory, ChargeClass, BillingCurrency; only groups
-- that differ.
-- input:  before_charges and after_charges, the charges of one scope and month.
-- costs in BillingCurrency, NULL on the side where the group has no charge.
-- Change: added (no charge before), removed (none after), changed (a cost differs).
SELECT
    coalesce(after_groups.ChargeDate, before_groups.ChargeDate) AS ChargeDate,
    coalesce(after_groups.ResourceId, before_groups.ResourceId) AS ResourceId,
    coalesce(after_groups.SkuMeter, before_groups.SkuMeter) AS SkuMeter,
    coalesce(after_groups.ChargeCategory, before_groups.ChargeCategory) AS ChargeCategory,
    CASE
        WHEN before_groups.Charges IS NULL THEN 'added'
        WHEN after_groups.Charges IS NULL THEN 'removed'
        ELSE 'changed'
    END AS Change,
    before_groups.BilledCost AS BilledCostBefore,
    after_groups.BilledCost AS BilledCostAfter,
    before_groups.EffectiveCost AS EffectiveCostBefore,
    after_groups.EffectiveCost AS EffectiveCostAfter,
    coalesce(after_groups.BillingCurrency, before_groups.BillingCurrency) AS BillingCurrency,
    coalesce(after_groups.ChargeClass, before_groups.ChargeClass) AS ChargeClass
FROM (
    SELECT
        CAST(ChargePeriodStart AS DATE) AS ChargeDate, ResourceId, SkuMeter, ChargeCategory,
        ChargeClass, BillingCurrency, count(*) AS Charges, sum(BilledCost) AS BilledCost,
        sum(EffectiveCost) AS EffectiveCost
    FROM before_charges
    GROUP BY
        CAST(ChargePeriodStart AS DATE), ResourceId, SkuMeter, ChargeCategory, ChargeClass,
        BillingCurrency
) AS before_groups
FULL OUTER JOIN (
    SELECT
        CAST(ChargePeriodStart AS DATE) AS ChargeDate, ResourceId, SkuMeter, ChargeCategory,
        ChargeClass, BillingCurrency, count(*) AS Charges, sum(BilledCost) AS BilledCost,
        sum(EffectiveCost) AS EffectiveCost
    FROM after_charges
    GROUP BY
        CAST(ChargePeriodStart AS DATE), ResourceId, SkuMeter, ChargeCategory, ChargeClass,
        BillingCurrency
) AS after_groups
    ON after_groups.ChargeDate = before_groups.ChargeDate
    AND after_groups.ResourceId IS NOT DISTINCT FROM before_groups.ResourceId
    AND after_groups.SkuMeter IS NOT DISTINCT FROM before_groups.SkuMeter
    AND after_groups.ChargeCategory IS NOT DISTINCT FROM before_groups.ChargeCategory
    AND after_groups.ChargeClass IS NOT DISTINCT FROM before_groups.ChargeClass
    AND after_groups.BillingCurrency = before_groups.BillingCurrency
WHERE before_groups.Charges IS NULL
    OR after_groups.Charges IS NULL
    OR before_groups.BilledCost <> after_groups.BilledCost
    OR before_groups.EffectiveCost <> after_groups.EffectiveCost
