-- Values that Azure writes in several ways, or writes where it means nothing.
-- grain: one row per charge in, one row per charge out; a column not named here passes through.
-- The unused part of a commitment has no list or contracted cost: there 0 is a fact and stays.
-- No rule touches BilledCost, EffectiveCost, BillingCurrency or a date.
-- source: Microsoft Learn, "FOCUS conformance" (0 instead of null, '-2', 'Unassigned', letter case
--         of CommitmentDiscountId), read 2026-05-20; finops-toolkit issues 873, 874 and 2307.
SELECT
    lower(ResourceId) AS ResourceId,
    lower(ResourceName) AS ResourceName,
    lower(CommitmentDiscountId) AS CommitmentDiscountId,
    lower(SubAccountId) AS SubAccountId,
    lower(x_ResourceGroupName) AS x_ResourceGroupName,
    CASE WHEN SubAccountId IS NOT NULL THEN SubAccountName END AS SubAccountName,
    nullif(x_AccountId, '-2') AS x_AccountId,
    nullif(x_InvoiceSectionId, '-2') AS x_InvoiceSectionId,
    nullif(x_InvoiceSectionName, 'Unassigned') AS x_InvoiceSectionName,
    nullif(x_AccountName, 'Unassigned') AS x_AccountName,
    CASE WHEN PublisherName = 'Microsoft Corporation' THEN 'Microsoft' ELSE PublisherName END AS PublisherName,
    CASE WHEN ListUnitPrice = 0 AND EffectiveCost <> 0 THEN NULL ELSE ListUnitPrice END AS ListUnitPrice,
    CASE WHEN ListCost = 0 AND EffectiveCost <> 0 AND CommitmentDiscountStatus IS DISTINCT FROM 'Unused' THEN NULL ELSE ListCost END AS ListCost,
    CASE WHEN ContractedUnitPrice = 0 AND EffectiveCost <> 0 THEN NULL ELSE ContractedUnitPrice END AS ContractedUnitPrice,
    CASE WHEN ContractedCost = 0 AND EffectiveCost <> 0 AND CommitmentDiscountStatus IS DISTINCT FROM 'Unused' THEN NULL ELSE ContractedCost END AS ContractedCost
FROM source
