-- Native cost rows -> FOCUS 1.2 charges.
-- grain: one row per native row in, one charge out.
-- input: native columns, the n_ columns of azure_native_words and azure_native_kinds, what the tables
--        of regions, services and units say, and prices in billing currency.
-- costs in BillingCurrency; BilledCost and EffectiveCost stand in azure_native_actual and
-- azure_native_amortized, for they differ. Quantity is in priced blocks in all native datasets;
-- ConsumedQuantity keeps it, and the arithmetic of the charge decides.
-- source: FinOps toolkit, convert cost data to FOCUS; Microsoft Learn, cost and usage details; both
--         read 2026-05-20. docs/native-exports.md has the table of this mapping.
SELECT
    CASE WHEN n_Account IS NULL THEN n_Subscription WHEN n_IsProfile THEN n_Account || '/billingProfiles/' || BillingProfileId ELSE n_Account END AS BillingAccountId,
    CASE WHEN n_IsProfile THEN coalesce(BillingProfileName, BillingAccountName) WHEN n_Account IS NULL THEN coalesce(BillingAccountName, SubscriptionName) ELSE BillingAccountName END AS BillingAccountName,
    CASE WHEN n_IsProfile THEN 'Billing Profile' WHEN n_Account IS NULL THEN 'Subscription' ELSE 'Billing Account' END AS BillingAccountType,
    BillingCurrency AS BillingCurrency,
    BillingPeriodStartDate AS BillingPeriodStart,
    BillingPeriodEndDate + INTERVAL 1 DAY AS BillingPeriodEnd,
    CASE
        WHEN n_IsUsage THEN 'Usage'
        WHEN n_Charge IN ('purchase', 'refund') THEN 'Purchase'
        WHEN n_Charge = 'credit' THEN 'Credit'
        WHEN n_Charge = 'tax' THEN 'Tax'
        ELSE 'Adjustment'
    END AS ChargeCategory,
    CASE WHEN n_Charge = 'refund' THEN 'Correction' END AS ChargeClass,
    Product AS ChargeDescription,
    CASE lower(replace(Frequency, ' ', ''))
        WHEN 'onetime' THEN 'One-Time'
        WHEN 'recurring' THEN 'Recurring'
        WHEN 'monthly' THEN 'Recurring'
        WHEN 'usagebased' THEN 'Usage-Based'
        ELSE CASE WHEN Frequency IS NOT NULL THEN 'Other' WHEN n_IsUsage THEN 'Usage-Based' END
    END AS ChargeFrequency,
    "Date" AS ChargePeriodStart,
    "Date" + INTERVAL 1 DAY AS ChargePeriodEnd,
    CASE
        WHEN lower(n_Benefit) LIKE '%/microsoft.capacity/%' OR (n_Benefit IS NOT NULL AND n_Model = 'reservation') THEN 'Usage'
        WHEN lower(n_Benefit) LIKE '%/microsoft.billingbenefits/%' OR (n_Benefit IS NOT NULL AND n_Model = 'savingsplan') THEN 'Spend'
    END AS CommitmentDiscountCategory,
    n_Benefit AS CommitmentDiscountId,
    CASE WHEN n_Benefit IS NOT NULL THEN coalesce(BenefitName, ReservationName) END AS CommitmentDiscountName,
    CASE
        WHEN n_Charge IN ('unusedreservation', 'unusedsavingsplan') THEN 'Unused'
        WHEN n_Charge = 'usage' AND n_IsCommitment THEN 'Used'
    END AS CommitmentDiscountStatus,
    CASE
        WHEN lower(n_Benefit) LIKE '%/microsoft.capacity/%' OR (n_Benefit IS NOT NULL AND n_Model = 'reservation') THEN 'Reservation'
        WHEN lower(n_Benefit) LIKE '%/microsoft.billingbenefits/%' OR (n_Benefit IS NOT NULL AND n_Model = 'savingsplan') THEN 'Savings Plan'
    END AS CommitmentDiscountType,
    CASE WHEN n_IsUsage THEN Quantity END AS ConsumedQuantity,
    CASE WHEN n_IsUsage THEN n_Unit END AS ConsumedUnit,
    CASE WHEN n_IsUsage OR n_Charge IN ('purchase', 'refund') THEN n_ContractedCost END AS ContractedCost,
    n_UnitPrice AS ContractedUnitPrice,
    InvoiceId AS InvoiceId,
    coalesce(PartnerName, 'Microsoft') AS InvoiceIssuerName,
    CASE WHEN n_IsUsage OR n_Charge IN ('purchase', 'refund') THEN coalesce(PaygCostInBillingCurrency, CASE WHEN n_PayGPrice > 0 THEN n_ListCost END) END AS ListCost,
    CASE WHEN n_IsUsage OR n_Charge IN ('purchase', 'refund') THEN n_PayGPrice END AS ListUnitPrice,
    CASE
        WHEN n_Charge IN ('tax', 'credit') OR NOT (n_IsUsage OR n_Charge IN ('purchase', 'refund')) THEN NULL
        WHEN n_IsCommitment THEN 'Committed'
        WHEN n_Model = 'spot' THEN 'Dynamic'
        WHEN n_Model IN ('ondemand', '') THEN 'Standard'
        ELSE 'Other'
    END AS PricingCategory,
    coalesce(PricingCurrency, BillingCurrency) AS PricingCurrency,
    CASE WHEN n_IsUsage OR n_Charge IN ('purchase', 'refund') THEN Quantity END AS PricingQuantity,
    CASE WHEN n_IsUsage OR n_Charge IN ('purchase', 'refund') THEN n_Unit END AS PricingUnit,
    'Microsoft' AS ProviderName,
    PublisherName AS PublisherName,
    CASE WHEN n_Location NOT IN ('', 'unassigned') THEN coalesce(n_RegionId, n_Location) END AS RegionId,
    CASE WHEN n_Location NOT IN ('', 'unassigned') THEN coalesce(n_RegionName, ResourceLocation) END AS RegionName,
    ResourceId AS ResourceId,
    coalesce(ResourceName, nullif(regexp_extract(ResourceId, '([^/]+)/?$', 1), '')) AS ResourceName,
    coalesce(nullif(n_ResourceType, ''), lower(ResourceType)) AS ResourceType,
    CASE
        WHEN n_ServiceCategory IS NOT NULL THEN n_ServiceCategory
        WHEN lower(PublisherType) = 'marketplace' AND lower(MeterName) LIKE '%inference%token%' THEN 'AI and Machine Learning'
        ELSE 'Other'
    END AS ServiceCategory,
    coalesce(n_ServiceName, MeterCategory) AS ServiceName,
    ProductId AS SkuId,
    MeterName AS SkuMeter,
    CASE WHEN AdditionalInfo IS NOT NULL AND NOT regexp_matches(regexp_replace(trim(AdditionalInfo), '^\{|\}$', '', 'g'), '[{\[]')
        THEN regexp_replace(CASE WHEN trim(AdditionalInfo) LIKE '{%' THEN trim(AdditionalInfo) ELSE '{' || trim(AdditionalInfo) || '}' END, '"([^"\\]+)"\s*:', '"x_\1":', 'g')
    END AS SkuPriceDetails,
    n_Subscription AS SubAccountId,
    CASE WHEN n_HasSubscription THEN SubscriptionName END AS SubAccountName,
    CASE WHEN n_HasSubscription THEN 'Subscription' END AS SubAccountType,
    CASE WHEN trim(Tags) LIKE '{%' OR trim(Tags) NOT LIKE '"%' THEN Tags WHEN Tags IS NOT NULL THEN '{' || trim(Tags) || '}' END AS Tags,
    AccountId AS x_AccountId,
    AccountName AS x_AccountName,
    AccountOwnerId AS x_AccountOwnerId,
    CASE WHEN n_BuysCommitment THEN 'Principal' WHEN n_IsCommitment AND n_IsUsage THEN 'Amortized Charge' END AS x_AmortizationClass,
    BillingAccountId AS x_BillingAccountId,
    BillingAccountName AS x_BillingAccountName,
    CASE WHEN PricingCurrency IS NOT NULL THEN n_Rate END AS x_BillingExchangeRate,
    ExchangeRateDate AS x_BillingExchangeRateDate,
    BillingProfileId AS x_BillingProfileId,
    BillingProfileName AS x_BillingProfileName,
    CostAllocationRuleName AS x_CostAllocationRuleName,
    CostCenter AS x_CostCenter,
    CustomerTenantId AS x_CustomerId,
    CustomerName AS x_CustomerName,
    n_EffectivePrice AS x_EffectiveUnitPrice,
    InvoiceSectionId AS x_InvoiceSectionId,
    InvoiceSectionName AS x_InvoiceSectionName,
    CASE WHEN PaygCostInUsd <> 0 THEN PaygCostInUsd END AS x_ListCostInUsd,
    PartnerEarnedCreditApplied AS x_PartnerCreditApplied,
    PartnerEarnedCreditRate AS x_PartnerCreditRate,
    n_Block AS x_PricingBlockSize,
    UnitOfMeasure AS x_PricingUnitDescription,
    CASE lower(PublisherType) WHEN 'azure' THEN 'Cloud Provider' WHEN 'microsoft' THEN 'Cloud Provider' WHEN 'marketplace' THEN 'Vendor' END AS x_PublisherCategory,
    PublisherId AS x_PublisherId,
    ResellerMpnId AS x_ResellerId,
    ResellerName AS x_ResellerName,
    coalesce(ResourceGroup, nullif(regexp_extract(ResourceId, '(?i)/resourceGroups/([^/]+)', 1), '')) AS x_ResourceGroupName,
    coalesce(nullif(n_ResourceType, ''), lower(ResourceType)) AS x_ResourceType,
    ServicePeriodEndDate + INTERVAL 1 DAY AS x_ServicePeriodEnd,
    ServicePeriodStartDate AS x_ServicePeriodStart,
    Product AS x_SkuDescription,
    CASE WHEN trim(AdditionalInfo) LIKE '{%' OR trim(AdditionalInfo) NOT LIKE '"%' THEN AdditionalInfo WHEN AdditionalInfo IS NOT NULL THEN '{' || trim(AdditionalInfo) || '}' END AS x_SkuDetails,
    IsAzureCreditEligible AS x_SkuIsCreditEligible,
    MeterCategory AS x_SkuMeterCategory,
    MeterId AS x_SkuMeterId,
    MeterSubCategory AS x_SkuMeterSubcategory,
    OfferId AS x_SkuOfferId,
    ProductOrderId AS x_SkuOrderId,
    ProductOrderName AS x_SkuOrderName,
    PartNumber AS x_SkuPartNumber,
    PlanName AS x_SkuPlanName,
    MeterRegion AS x_SkuRegion,
    ServiceFamily AS x_SkuServiceFamily,
    Term AS x_SkuTerm
FROM source
