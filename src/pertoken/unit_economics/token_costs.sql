-- The daily mart: what AI charges cost and how many single units they count.
-- grain: ChargeDate, BillingCurrency, meter, tags, sub account, resource, charge kind.
-- input:  charges (one scope and month), meters. Further columns of the charges, as text, may come beside.
-- costs in BillingCurrency; x_UnitQuantity in single units (tokens, hours, images).
-- x_Proven...Cost: cost of charges with a proven quantity; x_List/ContractedQuantity: their units
-- where that cost is known. A sum of nothing is NULL, never 0.
SELECT
    CAST(charges.ChargePeriodStart AS DATE) AS ChargeDate,
    charges.BillingCurrency AS BillingCurrency,
    charges.x_MeterKey AS x_MeterKey,
    charges.x_TagsKey AS x_TagsKey,
    charges.BillingAccountId AS BillingAccountId,
    charges.SubAccountId AS SubAccountId,
    charges.SubAccountName AS SubAccountName,
    charges.x_ResourceGroupName AS x_ResourceGroupName,
    charges.ResourceId AS ResourceId,
    charges.ResourceName AS ResourceName,
    charges.RegionId AS RegionId,
    charges.ChargeCategory AS ChargeCategory,
    charges.ChargeClass AS ChargeClass,
    charges.PricingCategory AS PricingCategory,
    charges.CommitmentDiscountStatus AS CommitmentDiscountStatus,
    charges.x_QuantityBasis AS x_QuantityBasis,$more
    count(*) AS "Rows",
    sum(charges.EffectiveCost) AS EffectiveCost,
    sum(charges.BilledCost) AS BilledCost,
    sum(charges.ListCost) AS ListCost,
    sum(charges.ContractedCost) AS ContractedCost,
    sum(charges.x_UnitQuantity) AS x_UnitQuantity,
    sum(CASE WHEN charges.ListCost IS NOT NULL THEN charges.x_UnitQuantity END) AS x_ListQuantity,
    sum(CASE WHEN charges.ContractedCost IS NOT NULL THEN charges.x_UnitQuantity END) AS x_ContractedQuantity,
    sum(CASE WHEN charges.x_UnitQuantity IS NOT NULL THEN charges.EffectiveCost END) AS x_ProvenEffectiveCost,
    sum(CASE WHEN charges.x_UnitQuantity IS NOT NULL THEN charges.BilledCost END) AS x_ProvenBilledCost,
    sum(CASE WHEN charges.x_UnitQuantity IS NOT NULL THEN charges.ListCost END) AS x_ProvenListCost,
    sum(CASE WHEN charges.x_UnitQuantity IS NOT NULL THEN charges.ContractedCost END) AS x_ProvenContractedCost
FROM charges
INNER JOIN meters ON meters.x_MeterKey = charges.x_MeterKey
WHERE meters.x_MeterStatus <> 'not AI'
GROUP BY
    CAST(charges.ChargePeriodStart AS DATE), charges.BillingCurrency, charges.x_MeterKey,
    charges.x_TagsKey, charges.BillingAccountId, charges.SubAccountId, charges.SubAccountName,
    charges.x_ResourceGroupName, charges.ResourceId, charges.ResourceName, charges.RegionId,
    charges.ChargeCategory, charges.ChargeClass, charges.PricingCategory,
    charges.CommitmentDiscountStatus, charges.x_QuantityBasis$keys
