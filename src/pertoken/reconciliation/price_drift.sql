-- Charges whose billed price is not the price of the price sheet for that meter and day.
-- grain: ChargeDate, resource, meter. input: charges, meters, prices.
-- Only a meter and day for which the sheets of its currency and unit state exactly one contracted price is held against
-- it. Prices per UnitOfMeasure in BillingCurrency; BilledCost in BillingCurrency.
WITH stated AS (
    SELECT
        MeterId, lower(UnitOfMeasure) AS Unit, CurrencyCode, EffectiveStart, EffectiveEnd,
        min(ContractedUnitPrice) AS Price
    FROM prices
    WHERE PriceType = 'Consumption' AND coalesce(TierMinimumUnits, 0) = 0 AND ContractedUnitPrice > 0
    GROUP BY MeterId, lower(UnitOfMeasure), CurrencyCode, EffectiveStart, EffectiveEnd
    HAVING count(DISTINCT ContractedUnitPrice) = 1
)
SELECT
    CAST(charges.ChargePeriodStart AS DATE) AS ChargeDate,
    lower(charges.ResourceId) AS ResourceId,
    lower(meters.x_ModelId) AS Model,
    meters.x_TokenDirection AS Direction,
    meters.x_TokenCacheAction AS CacheAction,
    CAST(round(sum(charges.x_UnitQuantity)) AS BIGINT) AS Tokens,
    charges.BillingCurrency AS BillingCurrency,
    charges.x_BilledUnitPrice AS BilledPrice,
    stated.Price AS SheetPrice,
    sum(charges.BilledCost) AS BilledCost
FROM charges
INNER JOIN meters ON meters.x_MeterKey = charges.x_MeterKey
INNER JOIN stated
    ON stated.MeterId = lower(charges.x_SkuMeterId) AND stated.CurrencyCode = charges.BillingCurrency
    AND stated.Unit = lower(charges.x_PricingUnitDescription)
    AND CAST(charges.ChargePeriodStart AS DATE) >= stated.EffectiveStart
    AND (stated.EffectiveEnd IS NULL OR CAST(charges.ChargePeriodStart AS DATE) < stated.EffectiveEnd)
WHERE meters.x_MeterStatus = 'recognised' AND meters.Unit = 'Tokens' AND charges.ChargeCategory = 'Usage'
    AND charges.ChargeClass IS NULL AND charges.x_BilledUnitPrice > 0 AND charges.x_BilledUnitPrice <> stated.Price
GROUP BY
    CAST(charges.ChargePeriodStart AS DATE), lower(charges.ResourceId), lower(meters.x_ModelId), meters.x_TokenDirection,
    meters.x_TokenCacheAction, charges.BillingCurrency, charges.x_BilledUnitPrice, stated.Price
