-- The charges behind gaps, so that each number can be found in the bill.
-- grain: ChargeDate, resource, model, direction, cache action, currency, billed price, price of the sheet.
-- input: claimed_charges (with the columns of CHARGE_COLUMNS of claim_charges.py), meters, claimed_prices. Prices per PricingUnit in BillingCurrency; Cost is EffectiveCost.
-- Several meters, accounts, invoices, runs or files of a row are listed, parted by '; '. SheetPrice NULL where the sheets do not state
-- exactly one contracted price for the meter, unit, currency and day.
WITH stated AS (
    SELECT
        MeterId, lower(UnitOfMeasure) AS Unit, CurrencyCode, EffectiveStart, EffectiveEnd,
        min(ContractedUnitPrice) AS Price, string_agg(DISTINCT RunId, '; ' ORDER BY RunId) AS RunId
    FROM claimed_prices
    WHERE PriceType = 'Consumption' AND coalesce(TierMinimumUnits, 0) = 0 AND ContractedUnitPrice > 0
    GROUP BY MeterId, lower(UnitOfMeasure), CurrencyCode, EffectiveStart, EffectiveEnd
    HAVING count(DISTINCT ContractedUnitPrice) = 1
),
billed AS (
    SELECT
        claimed_charges.*, CAST(claimed_charges.ChargePeriodStart AS DATE) AS ChargeDate, lower(claimed_charges.ResourceId) AS Resource,
        lower(meters.x_ModelId) AS Model, meters.x_TokenDirection AS Direction, meters.x_TokenCacheAction AS CacheAction
    FROM claimed_charges
    INNER JOIN meters ON meters.x_MeterKey = claimed_charges.x_MeterKey
    WHERE meters.x_MeterStatus = 'recognised' AND meters.Unit = 'Tokens' AND claimed_charges.ChargeCategory = 'Usage'
        AND claimed_charges.ChargeClass IS NULL
),
rated AS (
    SELECT billed.*, stated.Price AS SheetPrice, stated.RunId AS SheetRunId
    FROM billed
    LEFT JOIN stated
        ON stated.MeterId = lower(billed.x_SkuMeterId) AND stated.CurrencyCode = billed.BillingCurrency
        AND stated.Unit = lower(billed.x_PricingUnitDescription) AND billed.ChargeDate >= stated.EffectiveStart
        AND (stated.EffectiveEnd IS NULL OR billed.ChargeDate < stated.EffectiveEnd)
)
SELECT
    ChargeDate, Resource, Model, Direction, CacheAction, BillingCurrency, x_BilledUnitPrice AS BilledPrice, SheetPrice,
    string_agg(DISTINCT x_PricingUnitDescription, '; ' ORDER BY x_PricingUnitDescription) AS PricingUnit,
    string_agg(DISTINCT SkuMeter, '; ' ORDER BY SkuMeter) AS SkuMeter,
    string_agg(DISTINCT x_SkuMeterId, '; ' ORDER BY x_SkuMeterId) AS SkuMeterId,
    string_agg(DISTINCT SkuPriceId, '; ' ORDER BY SkuPriceId) AS SkuPriceId,
    string_agg(DISTINCT BillingAccountId, '; ' ORDER BY BillingAccountId) AS BillingAccountId,
    string_agg(DISTINCT SubAccountId, '; ' ORDER BY SubAccountId) AS SubAccountId,
    string_agg(DISTINCT InvoiceId, '; ' ORDER BY InvoiceId) AS InvoiceId,
    string_agg(DISTINCT BillingMonth, '; ' ORDER BY BillingMonth) AS BillingMonth,
    string_agg(DISTINCT x_RunId, '; ' ORDER BY x_RunId) AS RunId,
    string_agg(DISTINCT x_SourceFile, '; ' ORDER BY x_SourceFile) AS SourceFile,
    string_agg(DISTINCT SheetRunId, '; ' ORDER BY SheetRunId) AS SheetRunId,
    string_agg(DISTINCT coalesce(InvoiceIssuerName, ProviderName), '; ' ORDER BY coalesce(InvoiceIssuerName, ProviderName)) AS Provider,
    count(*) AS ChargeRows,
    CAST(round(sum(x_UnitQuantity)) AS BIGINT) AS Tokens,
    sum(EffectiveCost) AS Cost
FROM rated
GROUP BY ChargeDate, Resource, Model, Direction, CacheAction, BillingCurrency, x_BilledUnitPrice, SheetPrice
