-- FOCUS-like charges of one month, as an Azure FOCUS 1.0r2 export states them.
-- grain: one row per series (one meter of one resource) and day, in the order of days.
-- input:  the variables seed, n_rows, n_days, ai_share and month_start; every draw is a slice of an
--         MD5 over seed and key, so that a seed gives the same rows on every machine.
-- cost is price x quantity to twelve decimals; AI meters are priced per 1K or 1M tokens; one resource
-- in twenty is written in mixed case.
WITH ai_models AS (
    SELECT * FROM (VALUES
        (0, 'gpt 4o 0806', 'Azure OpenAI', 'Inp', 'Outp', 2.5, 10.0),
        (1, 'gpt 4o 1120', 'Azure OpenAI', 'Inp', 'Outp', 2.5, 10.0),
        (2, 'gpt 4o mini 0718', 'Azure OpenAI', 'Inp', 'Outp', 0.15, 0.6),
        (3, 'gpt 4.1', 'Azure OpenAI', 'Inp', 'Outp', 2.0, 8.0),
        (4, 'gpt 4.1 mini', 'Azure OpenAI', 'Inp', 'Outp', 0.4, 1.6),
        (5, 'gpt 4.1 nano', 'Azure OpenAI', 'Inp', 'Outp', 0.1, 0.4),
        (6, 'o3 mini 0131', 'Azure OpenAI', 'Inp', 'Outp', 1.1, 4.4),
        (7, 'V3', 'Azure Deepseek Models', 'Inp', 'Outp', 1.14, 4.56),
        (8, 'Grok4 Fast', 'Azure Grok Models', 'Inp', 'Outp', 0.43, 1.73),
        (9, 'gpt 5', 'Azure OpenAI', 'Inp', 'Outp', 1.25, 10.0)
    ) AS models (Model, Words, Product, InputWord, OutputWord, InputPrice, OutputPrice)
),

ai_meters AS (
    SELECT
        row_number() OVER (ORDER BY Model, Kind, Scope) - 1 AS Meter,
        Words || CASE Kind WHEN 0 THEN ' Inp' WHEN 1 THEN ' cached Inp' ELSE ' Outp' END
        || CASE Scope WHEN 0 THEN ' glbl' WHEN 1 THEN ' Data Zone' ELSE ' regnl' END
        || CASE WHEN Model % 2 = 0 THEN ' Tokens' ELSE ' 1M Tokens' END AS MeterName,
        Product AS Subcategory,
        CAST(CASE WHEN Model % 2 = 0 THEN 1000 ELSE 1000000 END AS BIGINT) AS BlockSize,
        CASE WHEN Model % 2 = 0 THEN '1K' ELSE '1M' END AS UnitDescription,
        CAST(
            CAST(CASE Kind WHEN 0 THEN InputPrice WHEN 1 THEN InputPrice / 4 ELSE OutputPrice END AS DECIMAL(10, 6))
            * CAST(CASE WHEN Model % 2 = 0 THEN 0.001 ELSE 1 END AS DECIMAL(4, 3))
            * CAST(1 + Scope * 0.05 AS DECIMAL(4, 2)) AS DECIMAL(17, 12)
        ) AS ListPrice
    FROM ai_models
    CROSS JOIN (SELECT range AS Kind FROM range(3)) AS kinds
    CROSS JOIN (SELECT range AS Scope FROM range(3)) AS scopes
),

other_kinds AS (
    SELECT * FROM (VALUES
        (0, 'Virtual Machines', 'Virtual Machines D Series', 'Compute', 'D', ' v5', 'Hours', '1 Hour', 1, 0.048),
        (1, 'Virtual Machines', 'Virtual Machines E Series', 'Compute', 'E', 'as v5', 'Hours', '1 Hour', 1, 0.063),
        (2, 'Storage', 'Tiered Block Blob', 'Storage', 'Hot ', ' LRS Data Stored', 'GB', '1 GB/Month', 1, 0.0184),
        (3, 'Storage', 'Premium SSD Managed Disks', 'Storage', 'P', ' LRS Disk', 'Units', '1/Month', 1, 5.28),
        (4, 'Storage', 'Tiered Block Blob', 'Storage', 'Cool ', ' Write Operations', 'Units', '10K', 10000, 0.13),
        (5, 'Bandwidth', 'Rtn Preference: MGN', 'Networking', 'Zone ', ' Data Transfer Out', 'GB', '1 GB', 1, 0.0806),
        (6, 'Azure App Service', 'Premium v3 Plan', 'Compute', 'P', 'v3 App', 'Hours', '1 Hour', 1, 0.217),
        (7, 'Log Analytics', 'Log Analytics', 'Management and Governance', 'Tier ', ' Data Ingestion', 'GB', '1 GB', 1, 2.76)
    ) AS kinds (Kind, Category, Subcategory, ServiceCategory, Before, After, Unit, UnitDescription, BlockSize, Price)
),

series AS (
    SELECT
        range AS Series,
        md5_number_lower(concat_ws('/', getvariable('seed'), range)) AS Draw,
        md5_number_upper(concat_ws('/', getvariable('seed'), range)) AS Draw2
    FROM range(CAST(ceil(getvariable('n_rows') / getvariable('n_days')) AS BIGINT))
),

drawn AS (
    SELECT
        Series,
        Draw % 10000 < getvariable('ai_share') * 10000 AS IsAI,
        (Draw // 10000) % 90 AS AIMeter,
        (Draw // 10000) % 8 AS OtherKind,
        (Draw // 1000000) % 45 + 1 AS OtherSize,
        (Draw // 100000000) % 40 AS Subscription,
        CAST((Draw2 // 100) % 12 AS INTEGER) AS RegionNumber,
        Draw2 % greatest(
            1, CAST(ceil(getvariable('n_rows') / getvariable('n_days') / 4) AS BIGINT)
        ) AS Resource,
        Draw2 % 2500 AS TagSet,
        Draw2 // 100000 AS Size
    FROM series
),

described AS (
    SELECT
        drawn.*,
        CASE WHEN IsAI THEN 'Foundry Models' ELSE other_kinds.Category END AS Category,
        CASE WHEN IsAI THEN ai_meters.Subcategory ELSE other_kinds.Subcategory END AS Subcategory,
        CASE WHEN IsAI THEN ai_meters.MeterName ELSE other_kinds.Before || OtherSize || other_kinds.After END AS MeterName,
        CASE WHEN IsAI THEN 'AI and Machine Learning' ELSE other_kinds.ServiceCategory END AS ServiceGroup,
        CASE WHEN IsAI THEN 'Units' ELSE other_kinds.Unit END AS Unit,
        CASE WHEN IsAI THEN ai_meters.UnitDescription ELSE other_kinds.UnitDescription END AS UnitDescription,
        CASE WHEN IsAI THEN ai_meters.BlockSize ELSE other_kinds.BlockSize END AS BlockSize,
        CASE WHEN IsAI THEN ai_meters.ListPrice ELSE CAST(other_kinds.Price * OtherSize AS DECIMAL(17, 12)) END AS ListPrice,
        md5(concat_ws('/', 'subscription', Subscription)) AS SubscriptionHash,
        CASE WHEN IsAI THEN 'aoai' ELSE 'res' END || '-' || lpad(CAST(Resource AS VARCHAR), 7, '0') AS Name,
        'rg-' || Subscription || '-' || (Resource % 15) AS ResourceGroup,
        ['swedencentral', 'westeurope', 'northeurope', 'eastus', 'eastus2', 'westus', 'westus3', 'francecentral', 'uksouth', 'japaneast', 'australiaeast', 'centralindia'][RegionNumber + 1] AS RegionCode,
        ['Sweden Central', 'West Europe', 'North Europe', 'East US', 'East US 2', 'West US', 'West US 3', 'France Central', 'UK South', 'Japan East', 'Australia East', 'Central India'][RegionNumber + 1] AS RegionWords
    FROM drawn
    LEFT JOIN ai_meters ON drawn.IsAI AND ai_meters.Meter = drawn.AIMeter
    LEFT JOIN other_kinds ON NOT drawn.IsAI AND other_kinds.Kind = drawn.OtherKind
),

identified AS (
    SELECT
        *,
        '/subscriptions/' || substr(SubscriptionHash, 1, 8) || '-' || substr(SubscriptionHash, 9, 4) || '-' || substr(SubscriptionHash, 13, 4) || '-' || substr(SubscriptionHash, 17, 4) || '-' || substr(SubscriptionHash, 21, 12) AS SubscriptionPath,
        CASE WHEN IsAI THEN 'microsoft.cognitiveservices/accounts' ELSE 'microsoft.compute/virtualmachines' END AS ProviderType,
        substr(md5(MeterName || UnitDescription), 1, 8) || '-0f4c-5059-b01e-' || substr(md5(MeterName), 1, 12) AS MeterId,
        CAST(ListPrice * CAST(0.95 AS DECIMAL(4, 2)) AS DECIMAL(17, 12)) AS Price,
        CASE
            WHEN TagSet % 10 = 0 THEN NULL
            WHEN TagSet % 10 < 3 THEN '{' || chr(10) || ' "CostCenter": "CC-' || (TagSet % 500) || '",' || chr(10) || ' "env": "prod"' || chr(10) || '}'
            ELSE '{"CostCenter": "CC-' || (TagSet % 500) || '","Team": "team-' || TagSet || '","env": "' || CASE WHEN TagSet % 2 = 0 THEN 'prod' ELSE 'dev' END || '"}'
        END AS TagText
    FROM described
),

daily AS (
    SELECT
        identified.*,
        days.range AS Day,
        md5_number_lower(concat_ws('/', getvariable('seed'), getvariable('month_start'), Series, days.range)) AS DayDraw
    FROM range(getvariable('n_days')) AS days
    CROSS JOIN identified
),

counted AS (
    SELECT
        *,
        DayDraw % 1000 = 0 AS IsCorrection,
        CAST(
            CASE
                WHEN IsAI THEN (DayDraw // 1000) % CAST(pow(10, 4 + Size % 5) AS BIGINT) + 1
                ELSE ((DayDraw // 1000) % 2400000 + 1) / 100000
            END AS DECIMAL(20, 6)
        ) * CASE WHEN DayDraw % 1000 = 0 THEN -1 ELSE 1 END AS Units
    FROM daily
),

priced AS (
    SELECT
        *,
        CAST(CASE WHEN IsAI THEN CAST(Units AS DECIMAL(26, 12)) * CAST(CASE WHEN BlockSize = 1000 THEN 0.001 ELSE 0.000001 END AS DECIMAL(7, 6)) ELSE Units END AS DECIMAL(20, 9)) AS Blocks,
        getvariable('month_start') + to_days(CAST(Day AS INTEGER)) AS DayStart
    FROM counted
),

costed AS (
    SELECT
        *,
        CAST(CAST(Price AS DECIMAL(17, 12)) * Blocks AS DECIMAL(28, 12)) AS Cost,
        CAST(CAST(ListPrice AS DECIMAL(17, 12)) * Blocks AS DECIMAL(28, 12)) AS ListedCost
    FROM priced
)

SELECT
    Cost AS BilledCost,
    '/providers/Microsoft.Billing/billingAccounts/5e1c7b1f-7a0a-5d0c-9d4e-2f3c1c9a77aa:6c0f5c57-1d3b-4a53-9d3e-0ad1f0b3c111_2019-05-31/billingProfiles/BENCH-MARK-BG7-PGB' AS BillingAccountId,
    'Contoso Europe GmbH' AS BillingAccountName,
    'Billing Profile' AS BillingAccountType,
    'EUR' AS BillingCurrency,
    getvariable('month_start') + to_months(1) AS BillingPeriodEnd,
    getvariable('month_start') AS BillingPeriodStart,
    'Usage' AS ChargeCategory,
    CASE WHEN IsCorrection THEN 'Correction' END AS ChargeClass,
    Subcategory || ' - ' || MeterName || ' - ' || RegionWords AS ChargeDescription,
    'Usage-Based' AS ChargeFrequency,
    DayStart + to_days(1) AS ChargePeriodEnd,
    DayStart AS ChargePeriodStart,
    Units AS ConsumedQuantity,
    Unit AS ConsumedUnit,
    Cost AS ContractedCost,
    Price AS ContractedUnitPrice,
    Cost AS EffectiveCost,
    'Microsoft' AS InvoiceIssuerName,
    ListedCost AS ListCost,
    ListPrice AS ListUnitPrice,
    'Standard' AS PricingCategory,
    Blocks AS PricingQuantity,
    Unit AS PricingUnit,
    'Microsoft' AS ProviderName,
    'Microsoft' AS PublisherName,
    RegionCode AS RegionId,
    RegionWords AS RegionName,
    SubscriptionPath || CASE WHEN TagSet % 20 = 0 THEN '/resourceGroups/' ELSE '/resourcegroups/' END || ResourceGroup || '/providers/' || ProviderType || '/' || Name AS ResourceId,
    Name AS ResourceName,
    CASE WHEN IsAI THEN 'Azure AI Foundry' ELSE 'Virtual machine' END AS ResourceType,
    ServiceGroup AS ServiceCategory,
    CASE WHEN IsAI THEN 'Azure AI Services' ELSE Category END AS ServiceName,
    'DZH318Z0' || upper(substr(MeterId, 1, 4)) || '/0Z9B' AS SkuId,
    'DZH318Z0' || upper(substr(MeterId, 1, 4)) || '_0Z9B_' || MeterId AS SkuPriceId,
    SubscriptionPath AS SubAccountId,
    'contoso-' || Subscription AS SubAccountName,
    'Subscription' AS SubAccountType,
    TagText AS Tags,
    CAST(Cost * CAST(1.17 AS DECIMAL(3, 2)) AS DECIMAL(28, 10)) AS x_BilledCostInUsd,
    Price AS x_BilledUnitPrice,
    '5e1c7b1f-7a0a-5d0c-9d4e-2f3c1c9a77aa:6c0f5c57-1d3b-4a53-9d3e-0ad1f0b3c111_2019-05-31' AS x_BillingAccountId,
    'Contoso Europe GmbH' AS x_BillingAccountName,
    CAST(0.8497 AS DECIMAL(6, 4)) AS x_BillingExchangeRate,
    getvariable('month_start') AS x_BillingExchangeRateDate,
    'BENCH-MARK-BG7-PGB' AS x_BillingProfileId,
    'Contoso Europe GmbH' AS x_BillingProfileName,
    CAST(Cost * CAST(1.17 AS DECIMAL(3, 2)) AS DECIMAL(28, 10)) AS x_ContractedCostInUsd,
    CAST(Cost * CAST(1.17 AS DECIMAL(3, 2)) AS DECIMAL(28, 10)) AS x_EffectiveCostInUsd,
    Price AS x_EffectiveUnitPrice,
    'IS01' AS x_InvoiceSectionId,
    'Default' AS x_InvoiceSectionName,
    CAST(ListedCost * CAST(1.17 AS DECIMAL(3, 2)) AS DECIMAL(28, 10)) AS x_ListCostInUsd,
    BlockSize AS x_PricingBlockSize,
    'USD' AS x_PricingCurrency,
    'Standard' AS x_PricingSubcategory,
    UnitDescription AS x_PricingUnitDescription,
    'Cloud Provider' AS x_PublisherCategory,
    ResourceGroup AS x_ResourceGroupName,
    ProviderType AS x_ResourceType,
    DayStart + to_days(1) AS x_ServicePeriodEnd,
    DayStart AS x_ServicePeriodStart,
    Subcategory || ' - ' || MeterName || ' - ' || RegionWords AS x_SkuDescription,
    '{}' AS x_SkuDetails,
    true AS x_SkuIsCreditEligible,
    Category AS x_SkuMeterCategory,
    MeterId AS x_SkuMeterId,
    MeterName AS x_SkuMeterName,
    Subcategory AS x_SkuMeterSubcategory,
    RegionWords AS x_SkuRegion,
    CASE WHEN IsAI THEN 'AI + Machine Learning' ELSE ServiceGroup END AS x_SkuServiceFamily
FROM costed
LIMIT getvariable('n_rows')
