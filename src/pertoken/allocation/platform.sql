-- Charges that are no AI charges, as parts that no call explains, in whole units of 10^-18 of the currency.
-- grain: ChargeDate, BillingCurrency, resource, meter, tags, charge kind. input: charges, meters. Further columns of the charges may
-- come beside, as text.
SELECT
    charges.BillingMonth AS BillingMonth,
    CAST(charges.ChargePeriodStart AS DATE) AS ChargeDate,
    charges.BillingCurrency AS BillingCurrency,
    lower(charges.ResourceId) AS ResourceId,
    lower(coalesce(regexp_extract(charges.ResourceId, '[^/]+$$'), charges.ResourceName)) AS ResourceName,
    charges.x_MeterKey AS x_MeterKey,
    charges.x_TagsKey AS x_TagsKey,
    charges.SubAccountId AS SubAccountId,
    charges.SubAccountName AS SubAccountName,
    charges.x_ResourceGroupName AS x_ResourceGroupName,
    charges.BillingAccountId AS BillingAccountId,
    charges.x_ScopeKey AS x_ScopeKey,
    charges.ChargeCategory AS ChargeCategory,
    charges.ChargeClass AS ChargeClass,
    charges.CommitmentDiscountStatus AS CommitmentDiscountStatus,
    charges.RegionId AS RegionId,$more
    'Platform' AS Kind,
    'NoCallEvidence' AS Reason,
    false AS IsSeen, false AS IsEstimated, false AS IsAssumed, false AS IsScaled,
    CAST(CAST(replace(CAST(CAST(sum(charges.EffectiveCost) AS DECIMAL(38,18)) AS VARCHAR), '.', '') AS HUGEINT) AS DECIMAL(38,0)) AS CostUnits,
    CAST(0 AS DECIMAL(38,0)) AS TokenCostUnits,
    CAST(0 AS DECIMAL(38,0)) AS QuantityUnits
FROM charges
INNER JOIN meters ON meters.x_MeterKey = charges.x_MeterKey
WHERE meters.x_MeterStatus = 'not AI'
GROUP BY
    charges.BillingMonth, CAST(charges.ChargePeriodStart AS DATE), charges.BillingCurrency, lower(charges.ResourceId),
    lower(coalesce(regexp_extract(charges.ResourceId, '[^/]+$$'), charges.ResourceName)), charges.x_MeterKey,
    charges.x_TagsKey, charges.SubAccountId, charges.SubAccountName, charges.x_ResourceGroupName,
    charges.BillingAccountId, charges.x_ScopeKey, charges.ChargeCategory, charges.ChargeClass,
    charges.CommitmentDiscountStatus, charges.RegionId$more_keys
