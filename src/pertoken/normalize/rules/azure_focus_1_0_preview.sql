-- Azure FOCUS 1.0-preview(v1) -> FOCUS 1.0 names.
-- grain: one row per charge in, one row per charge out; a column not named here passes through.
-- source: FOCUS 1.0 release notes (columns renamed since the preview); Microsoft Learn,
--         "FOCUS conformance", read 2026-05-20.
SELECT
    coalesce(ConsumedQuantity, UsageQuantity) AS ConsumedQuantity,
    coalesce(ConsumedUnit, UsageUnit) AS ConsumedUnit,
    coalesce(ContractedCost, x_OnDemandCost) AS ContractedCost,
    coalesce(ContractedUnitPrice, x_OnDemandUnitPrice) AS ContractedUnitPrice,
    coalesce(RegionId, lower(replace(Region, ' ', ''))) AS RegionId,
    coalesce(RegionName, Region) AS RegionName,
    CASE
        WHEN ChargeSubcategory = 'Credit' THEN 'Credit'
        WHEN ChargeSubcategory = 'Refund' THEN 'Purchase'
        ELSE ChargeCategory
    END AS ChargeCategory,
    CASE WHEN ChargeSubcategory = 'Refund' THEN 'Correction' ELSE ChargeClass END AS ChargeClass,
    CASE
        WHEN ChargeSubcategory = 'Used Commitment' THEN 'Used'
        WHEN ChargeSubcategory = 'Unused Commitment' THEN 'Unused'
        ELSE CommitmentDiscountStatus
    END AS CommitmentDiscountStatus,
    CASE
        WHEN PricingCategory = 'On-Demand' THEN 'Standard'
        WHEN PricingCategory = 'Commitment-Based' THEN 'Committed'
        ELSE PricingCategory
    END AS PricingCategory
FROM source
